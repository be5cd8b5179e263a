import { expect } from 'vitest'
import { expectReply, jsonOf } from './expectations.ts'
import type { Case } from './runner.ts'
import { agents, bearer, pause, type Visitor } from './visitor.ts'

const remove = (id: string, token: string) => ({
  method: 'DELETE',
  path: `/auth/sessions/${id}`,
  headers: bearer(token),
})
const list = (token: string) => ({ path: '/auth/sessions', headers: bearer(token) })

/** The sessions that a token sees, by id; of each, whether it is the caller's own. */
async function listed(visitor: Visitor, token: string): Promise<[id: unknown, current: unknown][]> {
  const { sessions } = jsonOf(await visitor.expect(list(token), { status: 200 }))
  if (!Array.isArray(sessions)) throw new TypeError('the answer holds no list of sessions')
  return sessions.map((session) => [session.id, session.current])
}

export const sessionListFlows: readonly Case[] = [
  {
    name: 'the list shows the own sessions, and marks the one that asks',
    async play(visitor) {
      const first = await visitor.signIn()
      await pause()
      const second = await visitor.signIn(visitor.user, { 'user-agent': agents.firefox })
      await visitor.signIn(visitor.other)
      const reply = await visitor.expect(list(first.token), { status: 200, headers: { etag: null } })
      const shown = { created_at: expect.any(String), last_seen_at: expect.any(String), ip: '127.0.0.1' }
      expect(jsonOf(reply)).toEqual({
        sessions: [
          { ...shown, id: second.sid, device: 'Firefox on Linux', current: false },
          { ...shown, id: first.sid, device: 'Chrome on Linux', current: true },
        ],
      })
    },
  },
  {
    name: 'another own session can be ended: its tokens die at once, this one lives',
    async play(visitor) {
      const own = await visitor.signIn()
      const other = await visitor.signIn()
      await visitor.expect(remove(other.sid, own.token), { status: 204, cookie: 'kept' })
      await visitor.expectEnded(other)
      expect(await listed(visitor, own.token)).toEqual([[own.sid, true]])
      await visitor.expect(remove(other.sid, own.token), { status: 404, error: 'not_found' })
      await visitor.expectAlive(own)
    },
  },
  {
    name: 'the session that asks can end itself, and its cookie is cleared',
    async play(visitor) {
      const own = await visitor.signIn()
      await visitor.expect(remove(own.sid, own.token), { status: 204, cookie: 'cleared' })
      await visitor.expectEnded(own)
    },
  },
  {
    name: "a native app's session can be ended from a browser",
    async play(visitor) {
      const native = await visitor.signIn(visitor.user, { 'x-token-transport': 'body' })
      const browser = await visitor.signIn()
      await visitor.expect(remove(native.sid, browser.token), { status: 204 })
      expectReply(await visitor.me(native.token), { status: 401, error: 'invalid_token' })
      expectReply(await visitor.exchange(native.refresh), { status: 400, error: 'invalid_grant' })
    },
  },
  {
    name: "somebody else's session is not there, like one that never was",
    async play(visitor) {
      const own = await visitor.signIn()
      const theirs = await visitor.signIn(visitor.other)
      const replies = []
      const unknown = `${own.sid.slice(0, -8)}AAAAAAAA`
      for (const id of [theirs.sid, unknown, 'x', '__proto__', own.sid.slice(0, -1), `${own.sid}A`])
        replies.push(await visitor.expect(remove(id, own.token), { status: 404, error: 'not_found' }))
      expect(new Set(replies.map((reply) => reply.text)).size).toBe(1)
      await visitor.expectAlive(theirs)
      await visitor.expectAlive(own)
    },
  },
  {
    name: 'without a token no session is listed or ended',
    async play(visitor) {
      const own = await visitor.signIn()
      const cookie = { cookie: `__Host-refresh=${own.refresh}` }
      const closed = { status: 401, error: 'unauthorized' } as const
      await visitor.expect({ path: '/auth/sessions', headers: cookie }, closed)
      await visitor.expect({ ...remove(own.sid, ''), headers: cookie }, closed)
      await visitor.expectAlive(own)
    },
  },
]
