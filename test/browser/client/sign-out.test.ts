import type { Page } from 'playwright-core'
import { describe, expect, test, vi } from 'vitest'
import { EXPIRED_MILLISECONDS } from './rig.ts'
import { browser, rig, setUp, tabs } from './setting.ts'
import { ask, changesOf, openTabs, pause, signedInAs, signIn, start, stateOf } from './tabs.ts'

const SOON = { timeout: 1000, interval: 20 }

setUp()

/** Three tabs of one session, all of which have used it. */
async function signedIn(name: string): Promise<readonly [Page, Page, Page]> {
  const pages = [await tabs.open(), await tabs.open(), await tabs.open()] as const
  await signIn(pages[0], name)
  for (const page of pages) expect(await ask(page)).toEqual(signedInAs(name))
  return pages
}

const until = (page: Page, state: string): Promise<void> =>
  vi.waitFor(async () => expect(await stateOf(page)).toBe(state), SOON)
/** Whose tokens the requests since then carried. */
const sentSince = (count: number): readonly (string | undefined)[] =>
  rig.notes.slice(count).map(({ sub }) => sub)
const live = async (name: string): Promise<number> => (await rig.sallyport.sessions.list(name)).length

/** In no tab, and not by a reload, is anybody signed in. */
async function expectNobody(pages: readonly Page[]): Promise<void> {
  const before = rig.notes.length
  for (const page of pages) {
    expect(await stateOf(page)).toBe('signed_out')
    expect(await ask(page)).toMatchObject({ status: 401 })
  }
  await pages[1]?.reload()
  for (const page of pages) expect(await ask(page)).toMatchObject({ status: 401 })
  expect(sentSince(before)).toEqual(new Array(pages.length * 2).fill(undefined))
}

describe('a sign-out in one tab', () => {
  test('signs out the others at once', async () => {
    const pages = await signedIn('alice')
    await pages[0].evaluate('client.signOut()')
    for (const page of pages) await until(page, 'signed_out')
    expect(await changesOf(pages[0])).toContainEqual({ state: 'signed_out', by: 'here' })
    for (const page of pages.slice(1))
      expect((await changesOf(page)).at(-1)).toEqual({ state: 'signed_out', by: 'elsewhere' })
    expect(await live('alice')).toBe(0)
    await expectNobody(pages)
  })

  test.each([
    ['good', () => pause(0)],
    ['over', () => pause(EXPIRED_MILLISECONDS)],
    ['refused', () => rig.sallyport.tokens.revokeAll('alice')],
  ])('of all sessions ends those of other browsers, when the token is %s', async (_is, become) => {
    const pages = await signedIn('alice')
    const elsewhere = await openTabs(browser, rig.url)
    const far = await elsewhere.open()
    await signIn(far, 'alice')
    expect(await live('alice')).toBe(2)
    await pages[0].evaluate('client.token()')
    await become()
    await pages[0].evaluate('client.signOut({ everywhere: true })')
    expect(await live('alice')).toBe(0)
    await expectNobody(pages)
    expect(await ask(far)).toMatchObject({ status: 401 })
    expect(await changesOf(far)).toContainEqual({ state: 'signed_out', by: 'ended' })
    await elsewhere.close()
  })

  test('is not undone by a refresh of another tab whose answer comes late', async () => {
    const pages = await signedIn('alice')
    await pause(EXPIRED_MILLISECONDS)
    const held = rig.wire.hold()
    await start(pages[1], `ask('/api/me')`)
    await held.reached
    const before = rig.notes.length
    await start(pages[0], 'client.signOut()')
    for (const page of pages) await until(page, 'signed_out')
    held.release()
    await vi.waitFor(async () => expect(await live('alice')).toBe(0), SOON)
    await pause(500)
    expect(sentSince(before).filter((sub) => sub !== undefined)).toEqual([])
    await expectNobody(pages)
  })

  test('is not undone by a refresh of its own whose answer comes late', async () => {
    const pages = await signedIn('alice')
    await pause(EXPIRED_MILLISECONDS)
    const held = rig.wire.hold()
    await start(pages[0], `ask('/api/me')`)
    await held.reached
    await start(pages[0], 'client.signOut()')
    for (const page of pages) await until(page, 'signed_out')
    held.release()
    await vi.waitFor(async () => expect(await live('alice')).toBe(0), SOON)
    await pause(500)
    await expectNobody(pages)
  })

  test('holds in the tabs when the server can not be reached, and says so', async () => {
    const pages = await signedIn('alice')
    await tabs.context.setOffline(true)
    const said = await pages[0].evaluate<string>('client.signOut().then(() => "done", ({ name }) => name)')
    expect(said).toBe('ClientError')
    for (const page of pages) await until(page, 'signed_out')
    await tabs.context.setOffline(false)
    await pages[0].evaluate('client.signOut()')
    expect(await live('alice')).toBe(0)
    await expectNobody(pages)
  })
})

describe('another user who signs in in one tab', () => {
  test('is the user of all tabs', async () => {
    const pages = await signedIn('alice')
    await signIn(pages[0], 'bob')
    const before = rig.notes.length
    await pause(300)
    for (const page of pages) expect(await ask(page)).toEqual(signedInAs('bob'))
    expect(sentSince(before)).not.toContain('alice')
    for (const page of pages.slice(1))
      expect((await changesOf(page)).at(-1)).toEqual({ state: 'signed_in', by: 'elsewhere' })
  })

  test('is the user of all tabs, when the client is given the answer alone', async () => {
    const pages = await signedIn('alice')
    expect(await pages[0].evaluate('login("bob").then((answer) => client.accept(answer))')).toBe(true)
    const before = rig.notes.length
    await pause(300)
    for (const page of pages) expect(await ask(page)).toEqual(signedInAs('bob'))
    expect(sentSince(before)).not.toContain('alice')
  })

  test('after a sign-out is the user of all tabs', async () => {
    const pages = await signedIn('alice')
    await pages[1].evaluate('client.signOut()')
    await signIn(pages[0], 'bob')
    const before = rig.notes.length
    await pause(300)
    for (const page of pages) expect(await ask(page)).toEqual(signedInAs('bob'))
    expect(sentSince(before)).not.toContain('alice')
  })

  test('is not replaced by the one before, whose refresh is answered late', async () => {
    const pages = await signedIn('alice')
    await pause(EXPIRED_MILLISECONDS)
    const held = rig.wire.hold()
    await start(pages[1], `ask('/api/me')`)
    await held.reached
    await start(pages[0], `signIn('bob')`)
    await pause(300)
    held.release()
    await pause(500)
    const before = rig.notes.length
    await pause(EXPIRED_MILLISECONDS)
    for (const page of pages) await ask(page)
    expect(sentSince(before)).not.toContain('alice')
  })
})

test('a session that the server ends is over in all tabs with the next request of one', async () => {
  const pages = await signedIn('alice')
  await rig.sallyport.sessions.revokeAll('alice')
  expect(await ask(pages[0])).toMatchObject({ status: 401 })
  for (const page of pages) {
    await until(page, 'signed_out')
    expect((await changesOf(page)).at(-1)).toEqual({ state: 'signed_out', by: 'ended' })
  }
  await expectNobody(pages)
})
