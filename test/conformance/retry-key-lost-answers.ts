import { expect } from 'vitest'
import type { TurnedClock } from '../support/turned-clock.ts'
import { audited } from './audited.ts'
import { expectReply } from './expectations.ts'
import { type Client, KEY, keyed, OTHER_KEY } from './retry-key-transports.ts'
import { bearer } from './visitor.ts'

/** What happens, over a longer time, between a client and a host of its own. */
export interface LostAnswerCase {
  readonly name: string
  play(client: Client, clock: TurnedClock): Promise<void>
}

const HOUR_MS = 3_600_000
/** The grace is ten seconds. */
const BEYOND_GRACE_MS = 10_001
const HOME = '192.0.2.1'
const ELSEWHERE = '198.51.100.7'
const from = (ip: string) => ({ 'x-forwarded-for': ip })

/** The answer to a refresh with a key was lost. */
const withKey: LostAnswerCase = {
  name: 'a repetition with the same key converges an hour later',
  async play(client, clock) {
    const { visitor } = client
    const first = await client.signIn()
    const lost = await client.refresh(first, keyed(KEY))
    clock.turn(HOUR_MS)
    const again = await client.refresh(first, keyed(KEY))
    expect(again.refresh).toBe(lost.refresh)
    expect((await client.refresh(first, keyed(KEY))).refresh).toBe(lost.refresh)
    // Copies of the revocations have aged by an hour at a stroke, so a host may first have to read them again.
    const me = { path: '/api/me', headers: bearer(again.token) }
    expectReply(await visitor.until(200, me), { status: 200 })
    expect(audited(visitor.host, first.sid, 'refresh.contested', 'refresh.reused')).toEqual([])

    const next = await client.refresh(again, keyed(OTHER_KEY))
    await client.expectGood(next.token)
    await client.expectTheft(first, next, keyed(KEY))
    expect(audited(visitor.host, first.sid, 'refresh.reused')).toHaveLength(1)
  },
}

/** The answer to a refresh without a key was lost. */
const withoutKeys: readonly LostAnswerCase[] = [
  {
    name: 'within the grace a repetition without a key converges',
    async play(client, clock) {
      const first = await client.signIn()
      const lost = await client.refresh(first)
      clock.turn(BEYOND_GRACE_MS - 1)
      expect((await client.refresh(first)).refresh).toBe(lost.refresh)
      await client.expectGood(lost.token)
      expect((await client.refresh(first)).refresh).toBe(lost.refresh)
      await client.expectAlive(lost)
    },
  },
  {
    name: 'beyond the grace it skips the generation that nobody is known to have',
    async play(client, clock) {
      const { host } = client.visitor
      const first = await client.signIn(from(HOME))
      const lost = await client.refresh(first, from(ELSEWHERE))
      clock.turn(BEYOND_GRACE_MS)
      const third = await client.refresh(first, from(HOME))
      expect(third.refresh).not.toBe(lost.refresh)
      expect(audited(host, first.sid, 'refresh.contested')).toEqual([
        expect.objectContaining({ sid: first.sid, sub: first.sub, ip: HOME, previous_ip: ELSEWHERE }),
      ])
      await client.expectRefused(lost.token)
      for (const { token } of [first, third]) await client.expectGood(token)
      expect((await client.refresh(first, from(HOME))).refresh).toBe(third.refresh)
      await client.expectTheft(lost, third)
      expect(audited(host, first.sid, 'refresh.reused', 'session.ended')).toHaveLength(2)
    },
  },
  {
    name: 'after a contested refresh the session goes on, and an access token of the skipped one stays refused',
    async play(client, clock) {
      const first = await client.signIn()
      const lost = await client.refresh(first)
      clock.turn(BEYOND_GRACE_MS)
      const third = await client.refresh(first)
      const fourth = await client.refresh(third)
      await client.expectRefused(lost.token)
      for (const { token } of [first, third, fourth]) await client.expectGood(token)
      await client.expectTheft(lost, fourth)
    },
  },
  {
    name: 'answers that are lost again and again skip one generation each',
    async play(client, clock) {
      const first = await client.signIn()
      const lost = [await client.refresh(first)]
      for (let time = 1; time <= 3; time++) {
        clock.turn(BEYOND_GRACE_MS)
        lost.push(await client.refresh(first))
      }
      const last = lost.at(-1) ?? first
      for (const { token } of lost.slice(0, -1)) await client.expectRefused(token)
      for (const { token } of [first, last]) await client.expectGood(token)
      expect(audited(client.visitor.host, first.sid, 'refresh.contested')).toHaveLength(3)
      await client.expectAlive(last)
    },
  },
  {
    name: 'a repetition with a key is contested once, and converges with that key from then on',
    async play(client, clock) {
      const first = await client.signIn()
      const lost = await client.refresh(first)
      clock.turn(BEYOND_GRACE_MS)
      const third = await client.refresh(first, keyed(KEY))
      clock.turn(BEYOND_GRACE_MS)
      expect((await client.refresh(first, keyed(KEY))).refresh).toBe(third.refresh)
      await client.expectRefused(lost.token)
      await client.expectTheft(first, third)
    },
  },
  {
    name: 'beyond the grace it is theft once an access token of the next generation was verified',
    async play(client, clock) {
      const first = await client.signIn()
      const second = await client.refresh(first)
      await client.expectGood(second.token)
      clock.turn(BEYOND_GRACE_MS)
      await client.expectTheft(first, second)
      expect(audited(client.visitor.host, first.sid, 'refresh.contested')).toEqual([])
    },
  },
  {
    name: 'beyond the grace it is theft once the next token was presented',
    async play(client, clock) {
      const first = await client.signIn()
      const third = await client.refresh(await client.refresh(first))
      clock.turn(BEYOND_GRACE_MS)
      await client.expectTheft(first, third)
    },
  },
  {
    name: 'an access token of the generation before shows nobody the next one',
    async play(client, clock) {
      const first = await client.signIn()
      const lost = await client.refresh(first)
      await client.expectGood(first.token)
      clock.turn(BEYOND_GRACE_MS)
      const third = await client.refresh(first)
      await client.expectRefused(lost.token)
      await client.expectAlive(third)
    },
  },
]

export const lostAnswers: readonly {
  readonly name: string
  /** Whatever the grace, the hosts trust one proxy, which tells where a request comes from. */
  readonly env: Readonly<Record<string, string>>
  readonly cases: readonly LostAnswerCase[]
}[] = [
  { name: 'with a grace', env: { TRUST_PROXY: '1' }, cases: [withKey, ...withoutKeys] },
  {
    name: 'with strict revocation',
    env: { TRUST_PROXY: '1', REVOCATION: 'strict' },
    cases: [withKey, ...withoutKeys],
  },
  { name: 'without grace', env: { TRUST_PROXY: '1', REUSE_GRACE: '0' }, cases: [withKey] },
]
