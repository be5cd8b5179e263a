import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type RealBrowser, startBrowser } from '../browser.ts'
import { type Rig, startRig } from './rig.ts'
import { createVisits, FIREFOX, focused, IPHONE, signIn } from './visitors.ts'

let browser: RealBrowser
let rig: Rig
const visits = createVisits(
  () => browser,
  () => rig,
)
beforeAll(async () => {
  browser = await startBrowser()
})
beforeEach(async () => {
  rig = await startRig()
})
afterEach(async () => {
  await visits.close()
  await rig?.close()
})
afterAll(() => browser?.close())

const events = (page: Page) => page.getByRole('list', { name: 'Events' }).getByRole('listitem')
const isLive = (page: Page): Promise<void> => page.getByText('Live', { exact: true }).waitFor()

async function view(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name }).click()
}

describe('the operator’s page', () => {
  test('signs operators in, and asks for no session before', async () => {
    const { page, errors, asked } = await visits.visit('/operator/')
    await page.getByRole('heading', { name: 'Sign in as an operator' }).waitFor()
    expect(asked.filter((path) => path.startsWith('/auth'))).toEqual([])
    await signIn(page, 'admin')
    await page.getByRole('heading', { name: 'The last hour' }).waitFor()
    await isLive(page)
    await page.reload()
    await isLive(page)
    expect(errors).toEqual([])
  })

  test('tells a user plainly that it is not for users', async () => {
    const { page } = await visits.visit('/operator/')
    await signIn(page, 'alice')
    await page.getByRole('heading', { name: 'This page is for operators' }).waitFor()
    expect(await page.getByRole('navigation').count()).toBe(0)
    expect(await page.getByRole('link', { name: 'Your account' }).getAttribute('href')).toBe('/account/')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await signIn(page, 'admin')
    await isLive(page)
  })

  test('is over at once when the operator’s own session is ended', async () => {
    const { page } = await visits.signedIn('/operator/', 'admin')
    await isLive(page)
    await rig.sallyport.sessions.revokeAll(rig.subjectOf('admin'))
    await page.locator('.message.note').getByText('This device was signed out.').waitFor()
    await page.getByRole('heading', { name: 'Sign in as an operator' }).waitFor()
  })
})

describe('events', () => {
  test('appear as they come, and count', async () => {
    const { page, errors } = await visits.signedIn('/operator/', 'admin')
    await isLive(page)
    await rig.device('bob', FIREFOX)
    await rig.device('bob', FIREFOX, 'a guess')
    await events(page).filter({ hasText: 'Sign-in failed' }).getByText(rig.subjectOf('bob')).waitFor()
    await events(page).filter({ hasText: 'Signed in' }).getByText('Firefox on Linux').waitFor()
    const chart = page.getByRole('img', { name: /^Sign-ins: 2 in the last hour\. Most in one minute: / })
    await chart.waitFor()
    await page.getByRole('img', { name: /^Refusals: 1 in the last hour\./ }).waitFor()
    expect(errors).toEqual([])
  })

  test('are sorted out by a filter, alerts among them', async () => {
    const { page } = await visits.signedIn('/operator/', 'admin')
    await isLive(page)
    await rig.device('carol', FIREFOX)
    await rig.device('carol', IPHONE)
    await rig.device('carol', IPHONE, 'a guess')
    const alert = events(page).filter({ hasText: 'Alert: sign-in from a new device' })
    await alert.waitFor()
    await page.getByRole('button', { name: 'Alerts' }).click()
    await alert.waitFor()
    expect(await events(page).count()).toBe(1)
    await page.getByRole('button', { name: 'Refusals' }).click()
    await events(page).filter({ hasText: 'Sign-in failed' }).waitFor()
    expect(await events(page).count()).toBe(1)
    expect(await page.getByRole('button', { name: 'Refusals' }).getAttribute('aria-pressed')).toBe('true')
  })

  test('stand still while they are paused', async () => {
    const { page } = await visits.signedIn('/operator/', 'admin')
    await isLive(page)
    await page.getByRole('button', { name: 'Pause' }).click()
    await rig.device('dora', FIREFOX)
    // The figures go on.
    await page.getByRole('img', { name: /^Sign-ins: 2 in the last hour/ }).waitFor()
    expect(
      await events(page)
        .filter({ hasText: rig.subjectOf('dora') })
        .count(),
    ).toBe(0)
    await page.getByRole('button', { name: 'Resume' }).click()
    await events(page)
      .filter({ hasText: rig.subjectOf('dora') })
      .waitFor()
  })

  test('come again after a broken connection, each once', async () => {
    const { page } = await visits.signedIn('/operator/', 'admin')
    await isLive(page)
    await rig.device('erin', FIREFOX)
    const erin = events(page).filter({ hasText: rig.subjectOf('erin') })
    await erin.waitFor()
    rig.cut()
    await page.getByText('Reconnecting…').waitFor()
    await isLive(page)
    await rig.device('frank', FIREFOX)
    await events(page)
      .filter({ hasText: rig.subjectOf('frank') })
      .waitFor()
    expect(await erin.count()).toBe(1)
  })

  test('are text, whatever a stranger put into them', async () => {
    const { page, errors } = await visits.signedIn('/operator/', 'admin')
    await isLive(page)
    const sub = '<img src=x onerror=alert(1)>\n\nevent: told\ndata: {}'
    rig.sallyport.emit({ event: 'login.failed', outcome: 'failure', sub, reason: '</li><script>' })
    await events(page).getByText('<img src=x onerror=alert(1)>').waitFor()
    await events(page).getByText('</li><script>').waitFor()
    expect(await page.locator('main img').count()).toBe(0)
    expect(errors).toEqual([])
  })
})

describe('sessions', () => {
  test('are ended one by one, after a question, and their pages show it', async () => {
    const user = await visits.signedIn('/account/', 'grace')
    const { page } = await visits.signedIn('/operator/#sessions', 'admin')
    const button = page.getByRole('button', { name: `End session of ${rig.subjectOf('grace')}` })
    await button.click()
    const dialog = page.getByRole('dialog', { name: 'End this session?' })
    await focused(dialog.getByRole('button', { name: 'Cancel' }))
    await page.keyboard.press('Enter')
    await focused(button)
    await button.click()
    await dialog.getByRole('button', { name: 'End session' }).click()
    await page.locator('.message.good').getByText('The session has ended.').waitFor()
    await user.page.locator('.message.note').waitFor()
    expect(await button.count()).toBe(0)
  })

  test('of one user are found by the ID, and all ended', async () => {
    await rig.device('heidi', FIREFOX)
    await rig.device('heidi', IPHONE)
    const { page } = await visits.signedIn('/operator/#sessions', 'admin')
    const heidi = rig.subjectOf('heidi')
    await page.getByLabel('User ID').fill(heidi)
    await page.keyboard.press('Enter')
    const list = page.getByRole('list', { name: `Sessions of ${heidi}` })
    await list.getByText('Safari on iOS').waitFor()
    expect(await list.getByRole('listitem').count()).toBe(2)
    await page.getByRole('button', { name: `Sign out user ${heidi} everywhere` }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Sign out user' }).click()
    await page.getByText(`User ${heidi} is signed out. Sessions ended: 2.`).waitFor()
    await page.getByText('This user is not signed in.').waitFor()
    expect(await rig.sallyport.sessions.list(heidi)).toEqual([])
    await view(page, 'Overview')
    await events(page).getByText('revoked_by_operator').first().waitFor()
    await events(page).getByText('An operator signs out a user').waitFor()
  })
})

describe('keys', () => {
  test('are made and taken out of use, after a question', async () => {
    const { page } = await visits.signedIn('/operator/#keys', 'admin')
    const list = page.getByRole('list', { name: 'Signing keys' })
    await list.getByText('Active').waitFor()
    const [first] = rig.sallyport.keys.list()
    await page.getByRole('button', { name: 'Make a new key' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Make a new key' }).click()
    await page.locator('.message.good').getByText('A new key is made.').waitFor()
    await list.getByText('Pending').waitFor()
    await list.getByText(/the next one takes over/).waitFor()

    await page.getByRole('button', { name: `Take out of use: key ${first?.kid}` }).click()
    await dialog.getByText('This can’t be undone.').waitFor()
    await dialog.getByRole('button', { name: 'Take out of use' }).click()
    await page.locator('.message.good').getByText('The key is out of use.').waitFor()
    expect(rig.sallyport.keys.list().find(({ state }) => state === 'active')?.kid).not.toBe(first?.kid)
    // The operator’s own token was signed with it, and nobody notices.
    await view(page, 'Overview')
    await events(page).filter({ hasText: 'Signing key out of use' }).waitFor()
  })
})
