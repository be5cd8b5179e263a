import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { type RealBrowser, startBrowser } from '../browser.ts'
import { type Rig, startRig } from './rig.ts'
import { ask, changesOf, openTabs, signedInAs, signIn, stateOf, type Tabs } from './tabs.ts'

const SOON = { timeout: 15_000, interval: 20 }
/** Longer than a test, so that only what a page is told counts. */
const ACCESS_SECONDS = 600

let browser: RealBrowser
let rig: Rig
let tabs: Tabs
beforeAll(async () => {
  browser = await startBrowser()
})
beforeEach(async () => {
  rig = await startRig(ACCESS_SECONDS)
  tabs = await openTabs(browser, rig.url)
})
afterEach(async () => {
  await tabs?.close()
  await rig?.close()
})
afterAll(async () => {
  await browser?.close()
})

/** A tab that has signed in, and the access token that it has. */
async function signedIn(): Promise<{ readonly page: Page; readonly token: string }> {
  const page = await tabs.open()
  await signIn(page, 'alice')
  return { page, token: await page.evaluate<string>('client.token()') }
}

/** A page that was rendered with a token. */
function rendered(token: string, expires_in: number): Promise<Page> {
  rig.handOver(JSON.stringify({ access_token: token, token_type: 'Bearer', expires_in, scope: '' }))
  return tabs.open()
}

const tokensSince = (count: number) => rig.notes.slice(count).map(({ token }) => token)

test('a page uses the token that it came with, asks for no other, and has it nowhere', async () => {
  const { page: first, token } = await signedIn()
  await first.close()
  const page = await rendered(token, 60)
  expect(await page.evaluate(`document.documentElement.outerHTML.includes('access_token')`)).toBe(false)
  const answers = await page.evaluate(`Promise.all([ask('/api/me'), ask('/api/me')])`)
  expect(answers).toEqual([signedInAs('alice'), signedInAs('alice')])
  expect(rig.wire.flights).toEqual([])
  expect(tokensSince(0)).toEqual([token, token])
  expect(await changesOf(page)).toEqual([{ state: 'signed_in', by: 'here' }])
})

test('a page refreshes before the token that it came with expires', async () => {
  const { page: first, token } = await signedIn()
  await first.close()
  const page = await rendered(token, 20)
  await ask(page)
  await page.evaluate(`{ const now = Date.now; Date.now = () => now() + 16_000 }`)
  await ask(page)
  await vi.waitFor(() => expect(rig.wire.flights.length).toBe(1), SOON)
  await vi.waitFor(async () => expect(await page.evaluate('client.token()')).not.toBe(token), SOON)
  expect(await ask(page)).toEqual(signedInAs('alice'))
  expect(rig.faults()).toEqual([])
})

test.each([
  ['that is over', (token: string) => JSON.stringify({ access_token: token, expires_in: 0.001 })],
  ['that was cut off', () => '{"access_token":'],
  ['that is none', () => 'null'],
])('a page refreshes at once if it came with a token %s', async (_name, text) => {
  const { page: first, token } = await signedIn()
  await first.close()
  rig.handOver(text(token))
  const page = await tabs.open()
  expect(await ask(page)).toEqual(signedInAs('alice'))
  expect(rig.wire.flights.length).toBe(1)
})

test('a token that came with a page does not replace a newer one of another tab', async () => {
  const { page: first, token: old } = await signedIn()
  await rig.sallyport.tokens.revokeAll('alice')
  await ask(first)
  const newer = await first.evaluate<string>('client.token()')
  expect(newer).not.toBe(old)
  const page = await rendered(old, 60)
  expect(await page.evaluate('client.token()')).toBe(old)
  expect(await first.evaluate('client.token()')).toBe(newer)
  // A token that is refused is renewed, as any other: here by the one that the other tab has.
  expect(await ask(page)).toEqual(signedInAs('alice'))
  expect(await stateOf(first)).toBe('signed_in')
  expect(rig.faults()).toEqual([])
})

test('a page that was rendered before a sign-out signs nobody in', async () => {
  const { page: first, token } = await signedIn()
  const page = await rendered(token, 60)
  await first.evaluate('client.signOut()')
  expect(await ask(page)).toMatchObject({ status: 401 })
  expect(await stateOf(page)).toBe('signed_out')
})
