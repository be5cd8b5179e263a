import { expect } from 'vitest'
import { audited } from './audited.ts'
import { expectReply, jsonOf } from './expectations.ts'
import type { Case } from './runner.ts'
import { bearer, login, PASSWORD, type SignedIn, signedIn, type Visitor } from './visitor.ts'

const C = '__Host-refresh'
const NATIVE = { 'x-token-transport': 'body' }

const holding = (refresh: string): { readonly cookie: string } => ({ cookie: `${C}=${refresh}` })

async function listedIds(visitor: Visitor, token: string): Promise<unknown[]> {
  const { sessions } = jsonOf(await visitor.send({ path: '/auth/sessions', headers: bearer(token) }))
  return Array.isArray(sessions) ? sessions.map((session) => session.id) : []
}

/** Checks that `earlier` ended once, because `next` replaced it. */
async function expectReplaced(visitor: Visitor, earlier: SignedIn, next: SignedIn): Promise<void> {
  expect(next.sid).not.toBe(earlier.sid)
  await visitor.expectEnded(earlier)
  expect(await listedIds(visitor, next.token)).not.toContain(earlier.sid)
  expect(audited(visitor.host, earlier.sid, 'session.ended')).toEqual([
    expect.objectContaining({ outcome: 'success', reason: 'replaced', sub: earlier.sub, sid: earlier.sid }),
  ])
  await visitor.expectAlive(next)
}

/** Values that no host ever issued, made from one that it did. */
const damaged: readonly { readonly name: string; readonly of: (genuine: string) => string }[] = [
  { name: 'nothing', of: () => '' },
  { name: 'rubbish', of: () => 'rubbish' },
  { name: 'rubbish of the right length', of: () => `spr_${'A'.repeat(66)}` },
  { name: 'the first half', of: (genuine) => genuine.slice(0, genuine.length / 2) },
  { name: 'the prefix alone', of: () => 'spr_' },
  { name: 'a value that goes on', of: (genuine) => `${genuine}A` },
  { name: 'another first character', of: (genuine) => genuine.replace(/^spr_./, 'spr_-') },
  { name: 'upper case', of: (genuine) => genuine.toUpperCase() },
  { name: 'a quoted value', of: (genuine) => `"${genuine}"` },
  { name: 'a broken escape', of: (genuine) => `%zz${genuine}` },
  { name: 'letters beyond ASCII', of: () => '\u00e9\u00ff' },
  { name: 'a long value', of: () => 'A'.repeat(12_000) },
]

/** What a sign-in does to the session whose cookie came along. */
export const replacementFlows: readonly Case[] = [
  {
    name: 'log-in with a cookie of the same user ends the session of that cookie',
    async play(visitor) {
      const earlier = await visitor.signIn()
      const bystander = await visitor.signIn()
      const next = await visitor.signIn(visitor.user, holding(earlier.refresh))
      await expectReplaced(visitor, earlier, next)
      await visitor.expectAlive(bystander)
    },
  },
  {
    name: 'log-in with an outdated cookie of the same user ends its session too',
    async play(visitor) {
      const earlier = await visitor.signIn()
      const current = signedIn(await visitor.refresh(earlier.refresh))
      const next = await visitor.signIn(visitor.user, holding(earlier.refresh))
      await expectReplaced(visitor, current, next)
    },
  },
  {
    name: 'log-in with the cookie of a session that is over ends nothing again',
    async play(visitor) {
      const earlier = await visitor.signIn()
      await visitor.signIn(visitor.user, holding(earlier.refresh))
      await visitor.expectAlive(await visitor.signIn(visitor.user, holding(earlier.refresh)))
      expect(audited(visitor.host, earlier.sid, 'session.ended')).toHaveLength(1)
    },
  },
  {
    name: "log-in with another user's cookie leaves that session alone",
    async play(visitor) {
      const theirs = await visitor.signIn(visitor.other)
      const own = await visitor.signIn(visitor.user, holding(theirs.refresh))
      expect(own.sid).not.toBe(theirs.sid)
      await visitor.expectAlive(own)
      await visitor.expectAlive(theirs)
    },
  },
  {
    name: 'log-in of a native app leaves the session of a cookie alone',
    async play(visitor) {
      const browser = await visitor.signIn()
      await visitor.signIn(visitor.user, { ...NATIVE, ...holding(browser.refresh) })
      await visitor.expectAlive(browser)
    },
  },
  {
    name: 'log-in with the refresh token of a native app in the cookie leaves that app alone',
    async play(visitor) {
      const native = await visitor.signIn(visitor.user, NATIVE)
      await visitor.signIn(visitor.user, holding(native.refresh))
      expectReply(await visitor.me(native.token), { status: 200 })
      expectReply(await visitor.exchange(native.refresh), { status: 200 })
    },
  },
  {
    name: 'log-in with two refresh cookies leaves both sessions alone',
    async play(visitor) {
      const [one, two] = [await visitor.signIn(), await visitor.signIn()]
      await visitor.signIn(visitor.user, { cookie: `${C}=${one.refresh}; ${C}=${two.refresh}` })
      await visitor.expectAlive(one)
      await visitor.expectAlive(two)
    },
  },
  {
    name: 'log-in that is refused leaves the session of the cookie alone',
    async play(visitor) {
      const own = await visitor.signIn()
      const cookie = holding(own.refresh)
      await visitor.expect(login(visitor.user, 'x', cookie), { status: 401, error: 'invalid_credentials' })
      const crossSite = { ...cookie, 'sec-fetch-site': 'cross-site' }
      await visitor.expect(login(visitor.user, PASSWORD, crossSite), { status: 403 })
      const transport = { ...cookie, 'x-token-transport': 'x' }
      await visitor.expect(login(visitor.user, PASSWORD, transport), { status: 400 })
      await visitor.expectAlive(own)
    },
  },
  ...damaged.map(
    ({ name, of }): Case => ({
      name: `log-in with a damaged cookie ignores it: ${name}`,
      async play(visitor) {
        const earlier = await visitor.signIn()
        await visitor.expectAlive(await visitor.signIn(visitor.user, holding(of(earlier.refresh))))
        await visitor.expectAlive(earlier)
      },
    }),
  ),
]
