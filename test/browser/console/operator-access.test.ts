import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type RealBrowser, startBrowser } from '../browser.ts'
import { barriers, picture } from './axe.ts'
import { type Rig, startRig } from './rig.ts'
import { createVisits, DESK, FIREFOX, IPHONE, PHONE, signIn } from './visitors.ts'

let browser: RealBrowser
let rig: Rig
const visits = createVisits(
  () => browser,
  () => rig,
)
/** Longer than a line on a phone, with and without places to break it. */
const LONG = 'a-user-with-a-long-name-and-a-longer-one-behind-it@an-organisation.example'
beforeAll(async () => {
  browser = await startBrowser()
  rig = await startRig()
  await rig.device('alice', FIREFOX)
  await rig.device('alice', IPHONE)
  await rig.device('alice', IPHONE, 'a guess')
  await rig.device(LONG, FIREFOX)
})
afterEach(() => visits.close())
afterAll(async () => {
  await browser?.close()
  await rig?.close()
})

/** Seven views or more, each of which axe-core looks at for a while. */
const LOOKED_AT_MS = 180_000

const looks = [
  { look: 'light-desk', size: DESK, colorScheme: 'light', locale: 'zh-CN' },
  { look: 'dark-desk', size: DESK, colorScheme: 'dark', locale: 'en-US' },
  { look: 'light-phone', size: PHONE, colorScheme: 'light', locale: 'en-US' },
  { look: 'dark-phone', size: PHONE, colorScheme: 'dark', locale: 'zh-CN' },
] as const

describe.each(looks)('every view for operators, $look in $locale,', ({ look, size, ...visitor }) => {
  async function check(page: Page, view: string): Promise<void> {
    await picture(page, `operator-${view}-${look}`)
    expect([view, await barriers(page)]).toEqual([view, []])
    expect([view, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([view, size.width])
  }

  async function open(page: Page, view: number): Promise<void> {
    await page.getByRole('navigation').getByRole('link').nth(view).click()
    await page.locator('.row').first().waitFor()
  }

  test(
    'keeps nobody out, and fits',
    async () => {
      const { page } = await visits.visit('/operator/', size, visitor)
      await page.emulateMedia({ reducedMotion: 'reduce' })
      await signIn(page, 'bob')
      await page.getByRole('link', { name: /Your account|您的账户/ }).waitFor()
      await check(page, 'not-allowed')
      await page.locator('header').getByRole('button').last().click()
      await signIn(page, 'admin')
      await page.locator('.event').first().waitFor()
      await page.locator('.bars').first().waitFor()
      await check(page, 'overview')
      await open(page, 1)
      await check(page, 'sessions')
      await page.locator('.row .button').first().click()
      await check(page, 'question')
      await page.keyboard.press('Escape')
      await page.goto(`${rig.url}/operator/#sessions/${encodeURIComponent(rig.subjectOf(LONG))}`)
      await page.locator('.row').first().waitFor()
      await check(page, 'user')
      await page.goto(`${rig.url}/operator/#sessions/nobody`)
      await page.getByText(/This user is not signed in|此用户未登录/).waitFor()
      await check(page, 'nobody')
      await open(page, 2)
      await check(page, 'keys')
    },
    LOOKED_AT_MS,
  )
})
