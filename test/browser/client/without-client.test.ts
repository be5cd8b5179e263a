import type { Page } from 'playwright-core'
import { describe, expect, test, vi } from 'vitest'
import { EXPIRED_MILLISECONDS } from './rig.ts'
import { rig, setUp, tabs } from './setting.ts'
import { ask, changesOf, pause, signedInAs, signIn, stateOf } from './tabs.ts'

/** Sign-ins of which no client is told: a form that is posted, or the way back from a provider. */

const SOON = { timeout: 15_000, interval: 20 }

setUp()

/** Two tabs of alice's session, in the second of which bob then signs in by a form. */
async function signedInOver(): Promise<readonly [Page, Page]> {
  const pages = [await tabs.open(), await tabs.open()] as const
  await signIn(pages[0], 'alice')
  for (const page of pages) expect(await ask(page)).toEqual(signedInAs('alice'))
  expect(await pages[1].evaluate(`login('bob').then(({ ok }) => ok)`)).toBe(true)
  return pages
}

const sentSince = (count: number): readonly (string | undefined)[] =>
  rig.notes.slice(count).map(({ sub }) => sub)
const live = async (name: string): Promise<number> => (await rig.sallyport.sessions.list(name)).length

/** As the sign-out's answer has it, and as the next page does. */
async function expectSignedOut(page: Page, pages: readonly Page[]): Promise<void> {
  await page.evaluate('client.signOut()')
  expect(await live('bob')).toBe(0)
  for (const page of pages) await vi.waitFor(async () => expect(await stateOf(page)).toBe('signed_out'), SOON)
  expect(await ask(await tabs.open())).toMatchObject({ status: 401 })
}

describe('a user who signs in without the client', () => {
  test('is the user of the page that loads next, and then of all tabs, which are told', async () => {
    const [first, second] = await signedInOver()
    const before = rig.notes.length
    await second.reload()
    expect(await ask(second)).toEqual(signedInAs('bob'))
    await vi.waitFor(
      async () => expect((await changesOf(first)).at(-1)).toEqual({ state: 'signed_in', by: 'elsewhere' }),
      SOON,
    )
    expect(await ask(first)).toEqual(signedInAs('bob'))
    expect(sentSince(before)).toEqual(['bob', 'bob'])
    await expectSignedOut(second, [first, second])
  })

  test('is the user of a tab that renews its token, which is told', async () => {
    const [first, second] = await signedInOver()
    await pause(EXPIRED_MILLISECONDS)
    const told = (await changesOf(first)).length
    expect(await ask(first)).toEqual(signedInAs('bob'))
    expect((await changesOf(first)).slice(told)).toEqual([{ state: 'signed_in', by: 'elsewhere' }])
    expect(await ask(second)).toEqual(signedInAs('bob'))
    await expectSignedOut(first, [first, second])
  })

  test('is signed out by a tab that still has the token of the user before', async () => {
    const [first, second] = await signedInOver()
    await expectSignedOut(first, [first, second])
  })

  test('is the user of all tabs after a sign-out', async () => {
    const pages = [await tabs.open(), await tabs.open()] as const
    await signIn(pages[0], 'alice')
    await pages[0].evaluate('client.signOut()')
    await pages[1].evaluate(`login('bob')`)
    await pages[1].reload()
    expect(await ask(pages[1])).toEqual(signedInAs('bob'))
    await vi.waitFor(async () => expect(await stateOf(pages[0])).toBe('signed_in'), SOON)
    expect(await ask(pages[0])).toEqual(signedInAs('bob'))
  })

  test('is not replaced by a token that came with a page of the user before', async () => {
    const [first, second] = await signedInOver()
    const token = await first.evaluate<string>('client.token()')
    await second.reload()
    await ask(second)
    rig.handOver(JSON.stringify({ access_token: token, token_type: 'Bearer', expires_in: 60, scope: '' }))
    expect(await ask(await tabs.open())).toEqual(signedInAs('bob'))
  })
})

test('a page that is loaded anew in the same session tells the tabs no change', async () => {
  const pages = [await tabs.open(), await tabs.open()] as const
  await signIn(pages[0], 'alice')
  await ask(pages[1])
  const told = (await changesOf(pages[0])).length
  await pages[1].reload()
  expect(await ask(pages[1])).toEqual(signedInAs('alice'))
  expect(await ask(pages[0])).toEqual(signedInAs('alice'))
  expect((await changesOf(pages[0])).length).toBe(told)
})

test('pages that are loaded at once share their refreshes', async () => {
  const first = await tabs.open()
  await signIn(first, 'alice')
  await first.close()
  const pages: Page[] = []
  for (let count = 0; count < 6; count++) pages.push(await tabs.open())
  const held = rig.wire.hold()
  const asked = pages.map((page) => ask(page))
  await held.reached
  held.release()
  expect(await Promise.all(asked)).toEqual(pages.map(() => signedInAs('alice')))
  expect(rig.wire.flights.length).toBeLessThan(pages.length)
})
