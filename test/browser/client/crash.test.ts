import type { Page } from 'playwright-core'
import { describe, expect, test, vi } from 'vitest'
import { EXPIRED_MILLISECONDS } from './rig.ts'
import { rig, setUp, tabs } from './setting.ts'
import { type Asked, ask, changesOf, pause, signedInAs, signIn, start, stateOf } from './tabs.ts'
import type { Held } from './wire.ts'

const SOON = { timeout: 2000, interval: 50 }

setUp({ browser: { hasBackForwardCache: true } })

/** The server has taken the step, and the browser has not heard of it. */
async function startRefresh(page: Page): Promise<Held> {
  await pause(EXPIRED_MILLISECONDS)
  const held = rig.wire.hold()
  await start(page, `ask('/api/me')`)
  await held.reached
  return held
}

async function crash(page: Page): Promise<void> {
  const crashed = page.waitForEvent('crash')
  const devtools = await page.context().newCDPSession(page)
  // Nobody is left to answer.
  devtools.send('Page.crash').catch(() => {})
  await crashed
}

const ends: Readonly<Record<string, (page: Page) => Promise<unknown>>> = {
  closed: (page) => page.close(),
  crashed: crash,
  reloaded: (page) => page.reload(),
}

/** The session goes on, by the key of the refresh that was never answered. */
async function expectMended(pages: readonly Page[]): Promise<void> {
  for (const page of pages) expect(await ask(page)).toEqual(signedInAs('alice'))
  const [first, second] = rig.wire.flights
  expect(first?.key).toMatch(/^[\w-]{16,64}$/)
  expect(second?.key).toBe(first?.key)
  expect(rig.events.filter(({ event }) => event === 'session.refreshed')).toEqual([
    expect.objectContaining({ reason: 'rotated' }),
    expect.objectContaining({ reason: 'converged' }),
  ])
  expect(rig.faults()).toEqual([])
  expect(rig.wire.overlaps()).toBe(0)
}

describe.each(Object.entries(ends))('a tab that is %s in the middle of a refresh', (_name, end) => {
  test('leaves the session to a tab that is there, and to a page that is loaded', async () => {
    const [page, other] = [await tabs.open(), await tabs.open()]
    await signIn(page, 'alice')
    await ask(other)
    await startRefresh(page)
    await end(page)
    await expectMended([other, await tabs.open()])
  })

  test('leaves the session to a tab that waits for the same refresh', async () => {
    const [page, other] = [await tabs.open(), await tabs.open()]
    await signIn(page, 'alice')
    await ask(other)
    await startRefresh(page)
    const asked = ask(other)
    await pause(300)
    await end(page)
    expect(await asked).toEqual(signedInAs('alice'))
    await expectMended([other])
  })

  test('leaves the session to the page that is loaded next, if it was alone', async () => {
    const page = await tabs.open()
    await signIn(page, 'alice')
    await startRefresh(page)
    await end(page)
    await expectMended([await tabs.open()])
  })

  test('does not bring back an old cookie when it is answered after all', async () => {
    const [page, other] = [await tabs.open(), await tabs.open()]
    await signIn(page, 'alice')
    await ask(other)
    const held = await startRefresh(page)
    await end(page)
    await ask(other)
    await pause(EXPIRED_MILLISECONDS)
    await ask(other)
    held.release()
    await pause(EXPIRED_MILLISECONDS)
    expect(await ask(other)).toEqual(signedInAs('alice'))
    expect(rig.faults()).toEqual([])
  })

  test('does not bring back the user of before when it is answered after all', async () => {
    const [page, other] = [await tabs.open(), await tabs.open()]
    await signIn(page, 'alice')
    await ask(other)
    const held = await startRefresh(page)
    await end(page)
    await signIn(other, 'bob')
    held.release()
    await pause(EXPIRED_MILLISECONDS)
    expect(await ask(other)).toEqual(signedInAs('bob'))
  })
})

/** Leaves a page by a link and comes back. Resolves to whether the browser had kept it in memory. */
async function returnTo(page: Page, meanwhile: () => Promise<unknown>): Promise<boolean> {
  await page.evaluate(`{
    globalThis.wasKept = false
    addEventListener('pageshow', ({ persisted }) => { globalThis.wasKept = persisted })
  }`)
  await page.goto(`${rig.url}/elsewhere`)
  await meanwhile()
  await page.evaluate('void setTimeout(() => history.back(), 0)')
  await vi.waitFor(async () => expect(await page.evaluate('location.pathname')).toBe('/'), SOON)
  return page.evaluate<boolean>('globalThis.wasKept === true')
}

describe('a page of the back-forward cache', () => {
  test('is signed out if another tab has signed out meanwhile', async () => {
    const [page, other] = [await tabs.open(), await tabs.open()]
    await signIn(page, 'alice')
    await ask(page)
    const wasKept = await returnTo(page, () => other.evaluate('client.signOut()'))
    expect(wasKept).toBe(true)
    await vi.waitFor(async () => expect(await stateOf(page)).toBe('signed_out'), SOON)
    const before = rig.notes.length
    expect(await ask(page)).toMatchObject({ status: 401 })
    expect(rig.notes.slice(before).map(({ token }) => token)).toEqual([undefined])
  })

  test('has the user who signed in meanwhile', async () => {
    const [page, other] = [await tabs.open(), await tabs.open()]
    await signIn(page, 'alice')
    await ask(page)
    const before = rig.notes.length
    expect(await returnTo(page, () => signIn(other, 'bob'))).toBe(true)
    expect(await ask(page)).toEqual(signedInAs('bob'))
    expect(rig.notes.slice(before).map(({ sub }) => sub)).not.toContain('alice')
  })

  test('has the user who signed in meanwhile without the client', async () => {
    const [page, other] = [await tabs.open(), await tabs.open()]
    await signIn(page, 'alice')
    await ask(page)
    const before = rig.notes.length
    expect(await returnTo(page, () => other.evaluate(`login('bob').then(({ ok }) => ok)`))).toBe(true)
    expect(await ask(page)).toEqual(signedInAs('bob'))
    expect(await changesOf(page)).toContainEqual({ state: 'signed_in', by: 'elsewhere' })
    expect(rig.notes.slice(before).map(({ sub }) => sub)).not.toContain('alice')
  })

  test('goes on, and hears of other tabs, if nothing has happened', async () => {
    const [page, other] = [await tabs.open(), await tabs.open()]
    await signIn(page, 'alice')
    await ask(other)
    expect(await returnTo(page, () => pause(EXPIRED_MILLISECONDS))).toBe(true)
    expect(await ask(page)).toEqual(signedInAs('alice'))
    await other.evaluate('client.signOut()')
    await vi.waitFor(async () => expect(await stateOf(page)).toBe('signed_out'), SOON)
  })
})

/** Runs in the page: what the service worker's client is answered. */
const ASK_WORKER = `new Promise((resolve) => {
  const { port1, port2 } = new MessageChannel()
  port1.onmessage = ({ data }) => resolve(data)
  navigator.serviceWorker.controller.postMessage('/api/me', [port2])
})`

test('a service worker shares the session of the tabs', async () => {
  const page = await tabs.open()
  await page.evaluate(`(async () => {
    const controlled = new Promise((resolve) => { navigator.serviceWorker.oncontrollerchange = resolve })
    await navigator.serviceWorker.register('/worker.js', { type: 'module' })
    await controlled
  })()`)
  await signIn(page, 'alice')
  for (const _round of [1, 2]) {
    expect(await page.evaluate<Asked>(ASK_WORKER)).toEqual(signedInAs('alice'))
    expect(await ask(page)).toEqual(signedInAs('alice'))
    await pause(EXPIRED_MILLISECONDS)
  }
  expect(rig.wire.flights.length).toBe(1)
  await page.evaluate('client.signOut()')
  const before = rig.notes.length
  expect(await page.evaluate<Asked>(ASK_WORKER)).toMatchObject({ status: 401 })
  expect(rig.notes.slice(before).map(({ token }) => token)).toEqual([undefined])
  expect(rig.faults()).toEqual(['session.ended'])
})
