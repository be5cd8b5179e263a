import type { Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type RealBrowser, startBrowser } from '../browser.ts'
import { barriers, picture } from './axe.ts'
import { PASSWORD, type Rig, startRig } from './rig.ts'
import { createVisits, DESK, FIREFOX, focused, IPHONE, PHONE, signIn } from './visitors.ts'

let browser: RealBrowser
let rig: Rig
const visits = createVisits(
  () => browser,
  () => rig,
)
const demo = { users: ['alice', 'bob'], password: PASSWORD }
beforeAll(async () => {
  browser = await startBrowser()
  rig = await startRig({ console: { demo } })
})
afterEach(() => visits.close())
afterAll(async () => {
  await browser?.close()
  await rig?.close()
})

/** Seven views or more, each of which axe-core looks at for a while. */
const LOOKED_AT_MS = 180_000

const looks = [
  { look: 'light-desk', size: DESK, colorScheme: 'light', locale: 'en-US' },
  { look: 'dark-desk', size: DESK, colorScheme: 'dark', locale: 'zh-CN' },
  { look: 'light-phone', size: PHONE, colorScheme: 'light', locale: 'zh-CN' },
  { look: 'dark-phone', size: PHONE, colorScheme: 'dark', locale: 'en-US' },
] as const

describe.each(looks)('every view, $look in $locale,', ({ look, size, ...visitor }) => {
  const name = `${look}-user`

  async function check(page: Page, view: string): Promise<void> {
    await picture(page, `account-${view}-${look}`)
    expect([view, await barriers(page)]).toEqual([view, []])
    expect([view, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([view, size.width])
  }

  test(
    'keeps nobody out, and fits',
    async () => {
      await rig.device(name, IPHONE)
      await rig.device(name, FIREFOX, 'a guess')
      const { page } = await visits.visit('/account/', size, visitor)
      await page.emulateMedia({ reducedMotion: 'reduce' })
      await check(page, 'sign-in')
      await signIn(page, name, 'a guess')
      await page.locator('.problem:not(:empty)').waitFor()
      await check(page, 'sign-in-refused')
      await signIn(page, name)
      await page.locator('.row').first().waitFor()
      await check(page, 'devices')
      await page.locator('.button.danger').click()
      await check(page, 'question')
      await page.keyboard.press('Escape')
      await page.getByRole('navigation').getByRole('link').nth(1).click()
      await page.getByRole('heading', { level: 3 }).waitFor()
      await check(page, 'activity')
      await page.getByRole('navigation').getByRole('link').nth(2).click()
      await check(page, 'security')
      await page.locator('.card').nth(1).getByRole('button').click()
      await check(page, 'step-up')
      await page.keyboard.press('Escape')
      await rig.sallyport.sessions.revokeAll(rig.subjectOf(name))
      await page.locator('.message.note').waitFor()
      await check(page, 'signed-out')
    },
    LOOKED_AT_MS,
  )
})

test('everything can be done by the keyboard', async () => {
  await rig.device('olga', FIREFOX)
  const { page } = await visits.visit('/account/')
  const tabTo = async (target: Locator): Promise<void> => {
    for (let presses = 0; presses < 20; presses++) {
      await page.keyboard.press('Tab')
      if ((await target.and(page.locator(':focus')).count()) === 1) return
    }
    expect.fail('the keyboard does not get there')
  }

  await tabTo(page.getByLabel('User name'))
  await page.keyboard.type('olga')
  await tabTo(page.getByLabel('Password', { exact: true }))
  await page.keyboard.type(PASSWORD)
  await page.keyboard.press('Enter')
  const title = page.getByRole('heading', { name: 'Signed in as olga' })
  await focused(title)
  await tabTo(page.getByRole('button', { name: /^Sign out Firefox on Linux/ }))
  await page.keyboard.press('Enter')
  await page.getByText('Firefox on Linux is signed out.').waitFor()
  await focused(page.getByRole('heading', { name: 'Your devices' }))
  await page.keyboard.press('Shift+Tab')
  await focused(page.getByRole('link', { name: 'Security' }))
  await page.keyboard.press('Enter')
  await focused(page.getByRole('heading', { name: 'Change your password' }))
  await tabTo(page.getByRole('button', { name: 'Confirm now' }))
  await page.keyboard.press('Space')
  await focused(page.getByRole('dialog').getByLabel('Password', { exact: true }))
  await page.keyboard.press('Escape')
  await focused(page.getByRole('button', { name: 'Confirm now' }))
})

describe('the language', () => {
  test('is the browser’s, down to dates and the names of devices', async () => {
    const { page, errors } = await visits.signedIn('/account/', 'paul', DESK, { locale: 'zh-TW' })
    expect(await page.locator('html').getAttribute('lang')).toBe('zh-Hans')
    await page.getByRole('heading', { name: '您的设备' }).waitFor()
    await page.getByText('Chrome（Linux）').waitFor()
    await page.getByText(/登录时间：\d{4}年/).waitFor()
    expect(errors).toEqual([])
  })

  test('can be changed, and stays', async () => {
    const { page } = await visits.signedIn('/account/#security', 'quinn', DESK, { locale: 'zh-CN' })
    await page.getByRole('button', { name: 'English' }).click()
    await page.getByRole('heading', { name: 'Change your password' }).waitFor()
    expect(await page.locator('html').getAttribute('lang')).toBe('en')
    await focused(page.getByRole('button', { name: '中文' }))
    await page.reload()
    await page.getByRole('heading', { name: 'Signed in as quinn' }).waitFor()
  })

  test('is English for whoever prefers one that there is not', async () => {
    const { page } = await visits.visit('/account/', DESK, { locale: 'de-DE' })
    await page.getByRole('heading', { name: 'Sign in to your account' }).waitFor()
  })
})

test('the users of a demo are one click away', async () => {
  const { page } = await visits.visit('/account/')
  await page.getByText(PASSWORD).waitFor()
  await page.getByRole('button', { name: 'Sign in as bob' }).click()
  await page.getByRole('heading', { name: 'Signed in as bob' }).waitFor()
})
