import { expect } from 'vitest'
import { expectReply, jsonOf } from './expectations.ts'
import type { Case } from './runner.ts'
import { bearer, login, type Visitor } from './visitor.ts'

interface Shown {
  readonly time: string
  readonly event: string
  readonly outcome: string
  readonly ip: string | null
  readonly device: string | null
  readonly reason: string | null
}

async function shownTo(visitor: Visitor, token: string): Promise<readonly Shown[]> {
  const reply = await visitor.expect({ path: '/auth/activity', headers: bearer(token) }, { status: 200 })
  const { events, ...rest } = jsonOf(reply)
  expect(rest).toEqual({})
  return events as readonly Shown[]
}

export const activityFlows: readonly Case[] = [
  {
    name: 'users see their sign-ins, failures and ended sessions',
    async play(visitor) {
      const { user } = visitor
      const first = await visitor.signIn()
      await visitor.expect(login(user.toUpperCase(), 'wrong'), { status: 401 })
      const second = await visitor.signIn()
      const logout = { method: 'POST', path: '/auth/logout', headers: bearer(second.token) }
      await visitor.expect(logout, { status: 204 })
      await visitor.signIn(visitor.other)

      const shown = await shownTo(visitor, first.token)
      expect(shown.map(({ event }) => event).toSorted()).toEqual([
        'login.failed',
        'session.ended',
        'session.started',
        'session.started',
      ])
      for (const one of shown) {
        expect(one).toMatchObject({ ip: '127.0.0.1', device: 'Chrome on Linux' })
        expect(one.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
        expect(one.outcome).toBe(one.event === 'login.failed' ? 'failure' : 'success')
      }
      expect(shown.map(({ time }) => time)).toEqual(
        shown
          .map(({ time }) => time)
          .toSorted()
          .reverse(),
      )
      expect(shown.find(({ event }) => event === 'session.ended')?.reason).toBe('logout')
    },
  },
  {
    name: 'a theft is shown, and the latest refresh of a session',
    async play(visitor) {
      const own = await visitor.signIn()
      const stolen = await visitor.signIn()
      const next = await visitor.refresh(stolen.refresh)
      expectReply(next, { status: 200 })
      const other = { 'user-agent': 'curl/8.5.0' }
      expectReply(await visitor.refresh(own.refresh), { status: 200 })
      expectReply(await visitor.refresh(stolen.refresh, other), { status: 401 })
      const events = (await shownTo(visitor, own.token)).map(({ event }) => event)
      expect(events.toSorted()).toEqual([
        'refresh.mismatched',
        'session.ended',
        'session.refreshed',
        'session.started',
        'session.started',
      ])
    },
  },
  {
    name: 'nobody sees it without a token, and there is nothing but GET',
    async play(visitor) {
      await visitor.expect({ path: '/auth/activity' }, { status: 401, error: 'unauthorized' })
      const { token } = await visitor.signIn()
      const post = { method: 'POST', path: '/auth/activity', headers: bearer(token) }
      await visitor.expect(post, { status: 405, headers: { allow: 'GET, HEAD, OPTIONS' } })
    },
  },
]
