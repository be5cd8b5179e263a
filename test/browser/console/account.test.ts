import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type RealBrowser, startBrowser } from '../browser.ts'
import { PASSWORD, type Rig, startRig } from './rig.ts'
import { createVisits, DESK, FIREFOX, focused, IPHONE, PHONE, signIn } from './visitors.ts'

let browser: RealBrowser
let rig: Rig
const visits = createVisits(
  () => browser,
  () => rig,
)
beforeAll(async () => {
  browser = await startBrowser()
  rig = await startRig()
})
afterEach(() => visits.close())
afterAll(async () => {
  await browser?.close()
  await rig?.close()
})

const WRONG = 'Failed to load resource: the server responded with a status of 401 (Unauthorized)'

describe('the account page', () => {
  test('opens for a guest without an error in the console, and asks for no session', async () => {
    const { page, errors, asked } = await visits.visit('/account/')
    await page.getByRole('heading', { name: 'Sign in to your account' }).waitFor()
    expect(await page.title()).toBe('Sign in – Example')
    await page.waitForLoadState('networkidle')
    expect(errors).toEqual([])
    expect(asked.filter((path) => path.startsWith('/auth'))).toEqual([])
    const icon = await page.locator('link[rel=icon]').getAttribute('href')
    const answer = await page.request.get(new URL(icon ?? 'none', page.url()).href)
    expect([answer.status(), answer.headers()['content-type']]).toEqual([
      200,
      expect.stringContaining('image/svg+xml'),
    ])
  })

  test('keeps a session over a reload, with the name of the user', async () => {
    const { page, errors } = await visits.signedIn('/account/', 'bob')
    await page.getByRole('heading', { name: 'Signed in as bob' }).waitFor()
    expect(await page.title()).toBe('Devices – Example')
    await page.reload()
    await page.getByRole('heading', { name: 'Signed in as bob' }).waitFor()
    expect(await page.locator('body').innerText()).not.toContain(rig.subjectOf('bob'))
    await page.getByRole('button', { name: 'Sign out', exact: true }).click()
    await page.locator('.message.good').getByText('You are signed out.').waitFor()
    await page.reload()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect(errors).toEqual([])
  })

  test('finds a session that began on another page of the application', async () => {
    const { page, errors } = await visits.visit('/account/')
    // As after a redirect from a provider: the browser has the cookie, and the page remembers nobody.
    await page.evaluate(`fetch('/auth/login', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ username: 'bella', password: ${JSON.stringify(PASSWORD)} }),
    })`)
    await page.reload()
    await page.getByRole('heading', { name: 'Your account' }).waitFor()
    await page.getByRole('list', { name: 'Your devices' }).waitFor()
    expect(errors).toEqual([])
  })

  test('says which field is wrong, and puts the cursor there', async () => {
    const { page } = await visits.visit('/account/')
    await signIn(page, 'carol', 'a guess')
    await page.getByText('The user name or the password is wrong.').waitFor()
    const password = page.getByLabel('Password', { exact: true })
    expect(await password.getAttribute('aria-invalid')).toBe('true')
    await focused(password)
    await signIn(page, 'carol')
    await page.getByRole('heading', { name: 'Signed in as carol' }).waitFor()
  })

  test('says when the server is away, and goes on when it is there again', async () => {
    const { page } = await visits.signedIn('/account/', 'dora')
    await page.route('**/auth/activity', (route) => route.abort())
    await page.getByRole('link', { name: 'Activity' }).click()
    await page.getByText('The server can’t be reached.').waitFor()
    await page.unroute('**/auth/activity')
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByText('You signed in').waitFor()
  })
})

describe('your devices', () => {
  test('are listed, and are signed out one by one or all at once', async () => {
    await rig.device('erin', FIREFOX)
    await rig.device('erin', IPHONE)
    const lost = await visits.signedIn('/account/', 'erin', PHONE)
    const { page, errors } = await visits.signedIn('/account/', 'erin')
    const list = page.getByRole('list', { name: 'Your devices' })
    await list.getByText('Firefox on Linux').waitFor()
    expect(await list.getByRole('listitem').count()).toBe(4)
    expect(await list.getByText('This device').count()).toBe(1)

    await page.getByRole('button', { name: /^Sign out Firefox on Linux, signed in/ }).click()
    await page.locator('.message.good').getByText('Firefox on Linux is signed out.').waitFor()
    expect(await list.getByRole('listitem').count()).toBe(3)

    await page.getByRole('button', { name: 'Sign out all other devices' }).click()
    await page.getByText('All other devices are signed out.').waitFor()
    expect(await list.getByRole('listitem').count()).toBe(1)
    await page.getByText('You are signed in on this device only.').waitFor()
    await lost.page.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect(errors).toEqual([])
  })

  test('that are signed out from elsewhere show it by themselves, and not as a success', async () => {
    const phone = await visits.signedIn('/account/', 'frank', PHONE)
    const desk = await visits.signedIn('/account/', 'frank', DESK)
    await desk.page.getByRole('button', { name: /^Sign out .+, signed in/ }).click()
    const message = phone.page.locator('.message.note')
    await message.waitFor()
    expect(await message.innerText()).toMatch(/^This device was signed out\./)
    expect(await phone.page.locator('.message.good').count()).toBe(0)
    const title = phone.page.getByRole('heading', { name: 'Sign in' })
    await focused(title)
    expect(await desk.page.getByRole('heading', { name: 'Signed in as frank' }).isVisible()).toBe(true)
    // The browser itself reports the refresh by which the page found out.
    expect([...new Set(phone.errors)]).toEqual([WRONG])
  })

  test('that were signed out while nobody looked say so when they come back', async () => {
    const { page } = await visits.signedIn('/account/', 'grace')
    await page.goto('about:blank')
    await rig.sallyport.sessions.revokeAll(rig.subjectOf('grace'))
    await page.goto(`${rig.url}/account/`)
    await page.locator('.message.note').getByText('This device was signed out.').waitFor()
  })

  test('are all signed out after a question, which Escape answers with no', async () => {
    const other = await visits.signedIn('/account/', 'heidi')
    const { page } = await visits.signedIn('/account/', 'heidi')
    const everywhere = page.getByRole('button', { name: 'Sign out everywhere' })
    await everywhere.click()
    await page.getByRole('dialog', { name: 'Sign out everywhere?' }).waitFor()
    await page.keyboard.press('Escape')
    await focused(everywhere)
    await everywhere.click()
    await page.getByRole('dialog').getByRole('button', { name: 'Sign out everywhere' }).click()
    await page.locator('.message.good').getByText('You are signed out everywhere.').waitFor()
    await other.page.locator('.message.note').waitFor()
  })

  test('are listed anew when somebody comes back to the page, who is where they were', async () => {
    const { page } = await visits.signedIn('/account/', 'mallory')
    await page.getByText('You are signed in on this device only.').waitFor()
    const everywhere = page.getByRole('button', { name: 'Sign out everywhere' })
    await everywhere.focus()
    await rig.device('mallory', FIREFOX)
    // A browser under test hides no tab.
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await page.getByText('Firefox on Linux').waitFor()
    await focused(everywhere)
  })

  test('have one session in all tabs', async () => {
    const first = await visits.signedIn('/account/', 'ivan')
    const second = await visits.tab(first, '/account/#activity')
    await second.page.getByRole('heading', { name: 'Signed in as ivan' }).waitFor()
    await first.page.getByRole('button', { name: 'Sign out', exact: true }).click()
    await second.page.locator('.message.note').getByText('You signed out in another tab.').waitFor()
    await signIn(second.page, 'judy')
    await first.page.getByRole('heading', { name: 'Signed in as judy' }).waitFor()
  })
})

describe('security activity', () => {
  test('is told in sentences, not in codes', async () => {
    await rig.device('kate', IPHONE)
    await rig.device('kate', FIREFOX, 'a guess')
    const { page, errors } = await visits.signedIn('/account/#activity', 'kate')
    await page.getByText('A sign-in failed: the password was wrong').waitFor()
    expect(await page.getByText('You signed in').count()).toBe(2)
    expect(await page.getByText('Safari on iOS').count()).toBe(1)
    await page.getByRole('heading', { name: 'Today' }).waitFor()
    expect(await page.locator('main').innerText()).not.toMatch(/[a-z]_[a-z]|[a-z]\.[a-z]/)
    expect(errors).toEqual([])
  })
})

describe('a change of password', () => {
  test('says what is wrong, signs out other devices, and holds', async () => {
    await rig.device('leo', FIREFOX)
    const { page } = await visits.signedIn('/account/#security', 'leo')
    const change = async (current: string, next: string): Promise<void> => {
      await page.getByLabel('Current password').fill(current)
      await page.getByLabel('New password').fill(next)
      await page.getByRole('button', { name: 'Change password' }).click()
    }
    await change('a guess', 'another password')
    await page.getByText('The current password is wrong.').waitFor()
    await change(PASSWORD, 'short')
    await page.getByText('The server refused this: the password must have 8 characters.').waitFor()
    await change(PASSWORD, 'another password')
    await page.getByText('This is now the only device that is signed in.').waitFor()
    expect((await rig.device('leo', FIREFOX)).status).toBe(401)
    expect((await rig.device('leo', FIREFOX, 'another password')).status).toBe(200)
  })
})

describe('a step-up', () => {
  test('asks for the password until it is right', async () => {
    const { page } = await visits.signedIn('/account/#security', 'mia')
    const open = page.getByRole('button', { name: 'Confirm now' })
    await open.click()
    const dialog = page.getByRole('dialog', { name: 'Confirm it’s you' })
    const password = dialog.getByLabel('Password', { exact: true })
    await focused(password)
    await password.fill('a guess')
    await page.keyboard.press('Enter')
    await dialog.getByText('This password is wrong.').waitFor()
    await password.fill(PASSWORD)
    await page.keyboard.press('Enter')
    await page.locator('.message.good').getByText('You have confirmed that it’s you.').waitFor()
    await focused(open)
    await page.getByRole('link', { name: 'Activity' }).click()
    await page.getByText('You confirmed that it was you').waitFor()
  })

  test('comes by itself where the server asks for it, and the request goes on', async () => {
    await rig.close()
    rig = await startRig({ isGuarded: true })
    const { page } = await visits.signedIn('/account/#security', 'nora')
    await page.getByLabel('Current password').fill(PASSWORD)
    await page.getByLabel('New password').fill('another password')
    await page.getByRole('button', { name: 'Change password' }).click()
    const dialog = page.getByRole('dialog', { name: 'Confirm it’s you' })
    await dialog.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await dialog.getByRole('button', { name: 'Confirm' }).click()
    await page.getByText('This is now the only device that is signed in.').waitFor()
    expect((await rig.device('nora', FIREFOX, 'another password')).status).toBe(200)
  })
})
