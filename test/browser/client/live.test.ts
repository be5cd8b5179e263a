import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type RealBrowser, startBrowser } from '../browser.ts'
import { type Rig, startRig } from './rig.ts'
import { ask, changesOf, openTabs, signedInAs, signIn, stateOf, type Tabs } from './tabs.ts'

/** Longer than a test, so that no stream ends with its token. */
const ACCESS_SECONDS = 600
const SOON = { timeout: 15_000, interval: 20 }

let browser: RealBrowser
let rig: Rig
let tabs: Tabs
beforeAll(async () => {
  browser = await startBrowser({ hasBackForwardCache: true })
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

/** Tabs of one session, all of which watch it. The first one has the stream. */
async function watched(...names: readonly string[]): Promise<readonly Page[]> {
  const pages: Page[] = []
  for (const name of names) {
    const page = await tabs.open(`/?live&tab=${name}`)
    if (pages.length === 0) await signIn(page, 'alice')
    expect(await ask(page)).toEqual(signedInAs('alice'))
    pages.push(page)
    await untilOpen(names[0])
  }
  return pages
}

const untilOpen = (...names: readonly (string | undefined)[]): Promise<void> =>
  vi.waitFor(() => expect(rig.streams.open()).toEqual(names), SOON)
const until = (page: Page, state: string): Promise<void> =>
  vi.waitFor(async () => expect(await stateOf(page)).toBe(state), SOON)

/** A browser freezes only tabs that nobody sees, and under test each one is seen. */
const tell = (page: Page, event: 'freeze' | 'resume'): Promise<void> =>
  page.evaluate<void>(`void document.dispatchEvent(new Event('${event}'))`)

describe('a session that is ended elsewhere', () => {
  test('is over in all tabs, although none of them asks for anything', async () => {
    const pages = await watched('one', 'two', 'three')
    const before = rig.notes.length
    await rig.sallyport.sessions.revokeAll('alice')
    for (const page of pages) {
      await until(page, 'signed_out')
      expect((await changesOf(page)).at(-1)).toEqual({ state: 'signed_out', by: 'ended' })
    }
    expect(rig.notes.length).toBe(before)
    expect(rig.streams.opened()).toBe(1)
    expect(rig.streams.open()).toEqual([])
  })

  test('is over in a page that was never used', async () => {
    await watched('one')
    const idle = await tabs.open('/?live&tab=idle')
    expect(await stateOf(idle)).toBe('unknown')
    await rig.sallyport.sessions.revokeAll('alice')
    await until(idle, 'signed_out')
  })
})

test('a token that is revoked ends the stream, and the next token begins one', async () => {
  const [page] = await watched('one')
  const before = await page?.evaluate('changes.length')
  await rig.sallyport.tokens.revokeAll('alice')
  await vi.waitFor(() => expect(rig.streams.opened()).toBe(2), SOON)
  await untilOpen('one')
  expect(await page?.evaluate('changes.length')).toBe(before)
  expect(rig.faults()).toEqual([])
})

describe('the stream', () => {
  test('is handed on by a tab that is closed', async () => {
    const [first, second] = await watched('one', 'two')
    await first?.close()
    await untilOpen('two')
    await rig.sallyport.sessions.revokeAll('alice')
    if (second) await until(second, 'signed_out')
  })

  test('is handed on by a tab that is frozen, and by one that stops to watch', async () => {
    const [first, second] = await watched('one', 'two')
    if (!first || !second) throw new Error('two tabs are open')
    await tell(first, 'freeze')
    await untilOpen('two')
    await tell(first, 'resume')
    await second.evaluate('unwatch()')
    await untilOpen('one')
    expect(rig.streams.opened()).toBe(3)
  })

  test('does not keep a page out of the back-forward cache, which goes on with it', async () => {
    const [page] = await watched('one')
    await page?.evaluate(
      `addEventListener('pageshow', ({ persisted }) => { globalThis.wasKept = persisted })`,
    )
    await page?.goto(`${rig.url}/elsewhere?tab=away`)
    await untilOpen()
    await page?.evaluate('void setTimeout(() => history.back(), 0)')
    await untilOpen('one')
    expect(await page?.evaluate('globalThis.wasKept')).toBe(true)
    await rig.sallyport.sessions.revokeAll('alice')
    if (page) await until(page, 'signed_out')
  })

  test('is closed by a sign-out in any tab, and belongs to whoever signs in next', async () => {
    const [first, second] = await watched('one', 'two')
    await second?.evaluate('client.signOut()')
    await untilOpen()
    if (second) await signIn(second, 'bob')
    await untilOpen('one')
    await rig.sallyport.sessions.revokeAll('alice')
    if (first) expect(await ask(first)).toEqual(signedInAs('bob'))
    await rig.sallyport.sessions.revokeAll('bob')
    if (first) await until(first, 'signed_out')
  })

  test('that breaks is opened again, and finds out what happened meanwhile', async () => {
    const [page] = await watched('one')
    rig.streams.cut()
    await vi.waitFor(() => expect(rig.streams.opened()).toBe(2), SOON)
    await tabs.context.setOffline(true)
    rig.streams.cut()
    await rig.sallyport.sessions.revokeAll('alice')
    await tabs.context.setOffline(false)
    if (page) await until(page, 'signed_out')
  })
})
