import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type RealBrowser, startBrowser } from '../browser.ts'
import { EXPIRED_MILLISECONDS, type Rig, startRig } from './rig.ts'
import { ask, openTabs, pause, signedInAs, signIn, stateOf, type Tabs } from './tabs.ts'

const SOON = { timeout: 15_000, interval: 20 }
const DAY_MILLISECONDS = 86_400_000

let browser: RealBrowser
let rig: Rig
let tabs: Tabs
beforeAll(async () => {
  browser = await startBrowser()
})
beforeEach(() => open({ dpop: { mode: 'required', nonce: true } }))
afterEach(close)
afterAll(async () => {
  await browser?.close()
})

async function open(more: Parameters<typeof startRig>[1]): Promise<void> {
  rig = await startRig(undefined, more)
  tabs = await openTabs(browser, rig.url)
}
async function close(): Promise<void> {
  await tabs?.close()
  await rig?.close()
}

/** Tabs of one session, all of which have used it. */
async function signedIn(count: number): Promise<readonly Page[]> {
  const pages: Page[] = []
  for (let index = 0; index < count; index++) {
    const page = await tabs.open('/?dpop')
    if (index === 0) expect(await signIn(page, 'alice')).toBe(true)
    expect(await ask(page)).toEqual(signedInAs('alice'))
    pages.push(page)
  }
  return pages
}

/** Runs in a page: whether its key can be exported, and how many there are. */
const KEYS = `new Promise((resolve, reject) => {
  const opened = indexedDB.open('sallyport-keys', 1)
  opened.onerror = reject
  opened.onsuccess = () => {
    const asked = opened.result.transaction('kept').objectStore('kept').get('session')
    asked.onsuccess = () => {
      opened.result.close()
      resolve(asked.result.map(({ privateKey }) => privateKey.extractable))
    }
  }
})`
const FORGET_KEYS = `new Promise((resolve) => { indexedDB.deleteDatabase('sallyport-keys').onsuccess = resolve })`

describe('a session that is bound to a key', () => {
  test('is shared by all tabs, over refreshes and reloads, and no script can read the key', async () => {
    const [first, second] = await signedIn(2)
    if (!first || !second) throw new Error('two tabs are open')
    expect(await first.evaluate(KEYS)).toEqual([false])
    await pause(EXPIRED_MILLISECONDS)
    expect(await ask(second)).toEqual(signedInAs('alice'))
    await first.reload()
    await pause(EXPIRED_MILLISECONDS)
    for (const page of [first, second]) expect(await ask(page)).toEqual(signedInAs('alice'))
    expect(rig.faults()).toEqual([])
    expect(rig.notes.every(({ token }) => token !== undefined)).toBe(true)
  })

  test('goes on after a step-up, and with its event stream', async () => {
    const page = await tabs.open('/?dpop&step-up&live')
    await signIn(page, 'alice')
    const transfer = `'/api/transfer', { method: 'POST', body: 'ten coins' }`
    expect(await ask(page, transfer)).toEqual({ status: 200, text: '"ten coins"' })
    await vi.waitFor(() => expect(rig.streams.open()).toHaveLength(1), SOON)
    await rig.sallyport.sessions.revokeAll('alice')
    await vi.waitFor(async () => expect(await stateOf(page)).toBe('signed_out'), SOON)
  })

  test('leaves no key behind when it is signed out, and the next one has another', async () => {
    const [first, second] = await signedIn(2)
    await first?.evaluate('client.signOut()')
    expect(await second?.evaluate(KEYS)).toEqual([])
    expect(await rig.sallyport.sessions.list('alice')).toEqual([])
    if (second) await signIn(second, 'bob')
    expect(await first?.evaluate(KEYS)).toEqual([false])
    if (first) expect(await ask(first)).toEqual(signedInAs('bob'))
  })

  test('leaves no key behind when it is ended elsewhere', async () => {
    const [page] = await signedIn(1)
    await rig.sallyport.sessions.revokeAll('alice')
    if (page) expect(await ask(page)).toMatchObject({ status: 401 })
    expect(await page?.evaluate(KEYS)).toEqual([])
  })

  test('is over in all tabs when its key is deleted, and begins anew', async () => {
    const [first, second] = await signedIn(2)
    if (!first || !second) throw new Error('two tabs are open')
    await first.evaluate(FORGET_KEYS)
    expect(await ask(first)).toMatchObject({ status: 401 })
    await vi.waitFor(async () => expect(await stateOf(second)).toBe('signed_out'), SOON)
    await first.reload()
    expect(await ask(first)).toMatchObject({ status: 401 })
    await signIn(first, 'alice')
    for (const page of [first, second]) expect(await ask(page)).toEqual(signedInAs('alice'))
  })

  test('is worth nothing to whoever has stolen its token or its cookie', async () => {
    const [page] = await signedIn(1)
    const token = await page?.evaluate<string>('client.token()')
    const cookies = await tabs.context.cookies()
    const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
    const headers = { Cookie: cookie, 'User-Agent': String(await page?.evaluate('navigator.userAgent')) }
    for (const scheme of ['Bearer', 'DPoP']) {
      const Authorization = `${scheme} ${token}`
      expect((await fetch(`${rig.url}/api/me`, { headers: { ...headers, Authorization } })).status).toBe(401)
    }
    const refreshed = await fetch(`${rig.url}/auth/refresh`, { method: 'POST', headers })
    expect([refreshed.status, await refreshed.json()]).toEqual([
      ...[400, expect.objectContaining({ error: 'invalid_dpop_proof' })],
    ])
    if (page) expect(await ask(page)).toEqual(signedInAs('alice'))
    expect(rig.faults()).toEqual([])
  })
})

describe('a clock that is', () => {
  test.each([
    ['a day behind', -DAY_MILLISECONDS],
    ['a day ahead', DAY_MILLISECONDS],
  ])('%s changes nothing, without nonces as well', async (_name, shift) => {
    await close()
    await open({ dpop: 'required' })
    await tabs.context.addInitScript(`{ const now = Date.now; Date.now = () => now() + ${shift} }`)
    const [page] = await signedIn(1)
    await pause(EXPIRED_MILLISECONDS)
    if (page) expect(await ask(page)).toEqual(signedInAs('alice'))
  })
})

test('a token that is bound to a cookie is worth nothing without it', async () => {
  await close()
  await open({ cookie: { bindsTokens: true } })
  const page = await tabs.open()
  await signIn(page, 'alice')
  const Authorization = `Bearer ${await page.evaluate<string>('client.token()')}`
  expect(await ask(page)).toEqual(signedInAs('alice'))
  const stolen = await fetch(`${rig.url}/api/me`, { headers: { Authorization } })
  expect(stolen.status).toBe(401)
  expect(stolen.headers.get('WWW-Authenticate')).toContain('invalid_token')
  const cookies = await tabs.context.cookies()
  const Cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
  expect((await fetch(`${rig.url}/api/me`, { headers: { Authorization, Cookie } })).status).toBe(200)
})
