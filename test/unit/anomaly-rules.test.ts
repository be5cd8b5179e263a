import type { AnomaliesOptions, EventToTell } from '@sallyport/core'
import { afterEach, describe, expect, test } from 'vitest'
import {
  accepted,
  anomaliesWorld,
  CHROME,
  expectRaised,
  FIREFOX,
  failed,
  refreshed,
  refused,
  SAFARI,
  started,
  times,
  type World,
} from './anomalies-world.ts'

let close: () => Promise<void> = async () => {}
afterEach(() => close())

async function start(anomalies: AnomaliesOptions = {}): Promise<World> {
  const world = await anomaliesWorld(anomalies)
  close = world.sallyport.close
  return world
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const address = (nth: number): string => `198.51.100.${nth}`

interface Story {
  readonly name: string
  readonly anomalies?: AnomaliesOptions
  /** Each step: what happens, how long after the step before, and what is raised for it. */
  readonly steps: readonly {
    readonly after?: number
    readonly events: readonly EventToTell[]
    readonly raises: readonly string[]
  }[]
}

const contested = (ip: string, previous_ip?: string): EventToTell => ({
  ...{ event: 'refresh.contested', outcome: 'success', reason: 'answer_lost_or_stolen' },
  ...{ sub: 'one', sid: 'sid', client_id: 'web', ip },
  ...(previous_ip === undefined ? {} : { previous_ip }),
})
const stolen = (event: 'refresh.reused' | 'refresh.mismatched', sid: string, sub = 'one'): EventToTell => ({
  ...{ event, outcome: 'failure', reason: 'x', sub, sid, client_id: 'web' },
})
const at = { BERLIN: '203.0.113.1', PARIS: '203.0.113.2', TOKYO: '203.0.113.3' }
const places: Readonly<Record<string, { latitude: number; longitude: number }>> = {
  [at.BERLIN]: { latitude: 52.52, longitude: 13.4 },
  [at.PARIS]: { latitude: 48.86, longitude: 2.35 },
  [at.TOKYO]: { latitude: 35.68, longitude: 139.69 },
}
const travel: AnomaliesOptions = { rules: { impossible_travel: { locate: (ip) => places[ip] } } }
/** A token of this deployment is accepted. */
const used = (ip: string, sub = 'one'): EventToTell => ({
  ...{ event: 'token.accepted', outcome: 'success', sub, jti: `jti of ${sub}`, ip },
  sid: 'A'.repeat(38),
})

const found: readonly Story[] = [
  {
    name: 'more than five failed sign-ins from one network, once in its window',
    steps: [
      { events: times(5, () => failed('192.0.2.7')), raises: [] },
      { events: [failed('192.0.2.7')], raises: ['failed_sign_ins'] },
      { events: times(20, () => failed('192.0.2.7')), raises: [] },
      { after: 5 * MINUTE, events: times(6, () => failed('192.0.2.7')), raises: ['failed_sign_ins'] },
    ],
  },
  {
    name: 'those that go on, once in each window',
    steps: [
      { events: times(6, () => failed('192.0.2.7')), raises: ['failed_sign_ins'] },
      ...times(4, () => ({ after: MINUTE, events: times(6, () => failed('192.0.2.7')), raises: [] })),
      { after: MINUTE, events: times(6, () => failed('192.0.2.7')), raises: ['failed_sign_ins'] },
    ],
  },
  {
    name: 'of one /64 of IPv6',
    steps: [{ events: times(6, (nth) => failed(`2001:db8::${nth}`)), raises: ['failed_sign_ins'] }],
  },
  {
    name: 'of what an application takes for an address',
    steps: [{ events: times(6, () => failed('fe80::1%eth0')), raises: ['failed_sign_ins'] }],
  },
  {
    name: 'a locked account, each time',
    steps: times(2, () => ({
      events: [{ event: 'account.locked', outcome: 'success', reason: 'too_many_failures' }] as const,
      raises: ['account_locked'],
    })),
  },
  {
    name: 'more than twenty refreshes of one session',
    steps: [
      { events: times(20, () => refreshed('sid')), raises: [] },
      { events: [refreshed('sid')], raises: ['refresh_rate'] },
    ],
  },
  {
    name: 'more than sixty refreshes of one user',
    steps: [
      { events: times(60, (nth) => refreshed(`sid${nth % 5}`, {}, 'rotated', 'one')), raises: [] },
      { events: [refreshed('sid5', {}, 'rotated', 'one')], raises: ['user_refresh_rate'] },
    ],
  },
  {
    name: 'a token at three networks',
    steps: [
      { events: [accepted('jti', address(1)), accepted('jti', address(2))], raises: [] },
      { events: [accepted('jti', address(3))], raises: ['token_networks'] },
      { events: [accepted('jti', address(4))], raises: [] },
    ],
  },
  {
    name: 'a session at three networks',
    steps: [
      { events: times(3, (nth) => refreshed('sid', { ip: address(nth) })), raises: ['token_networks'] },
    ],
  },
  {
    name: 'ten users on one device',
    steps: [
      { events: times(9, (nth) => started(`user${nth}`)), raises: [] },
      { events: [started('user9')], raises: ['shared_device'] },
    ],
  },
  {
    name: 'a device that a user did not have',
    steps: [
      { events: [started('one')], raises: [] },
      { after: DAY, events: [started('one', { user_agent: CHROME })], raises: ['new_device'] },
      { after: DAY, events: [started('one', { user_agent: SAFARI })], raises: ['new_device'] },
      { after: DAY, events: [started('one'), started('one', { user_agent: CHROME })], raises: [] },
    ],
  },
  {
    name: 'a user who travels faster than one can',
    anomalies: travel,
    steps: [
      { events: [started('one', { ip: at.BERLIN })], raises: [] },
      { after: HOUR, events: [started('one', { ip: at.TOKYO })], raises: ['impossible_travel'] },
      { after: MINUTE, events: [refreshed('s', { ip: at.BERLIN }, 'rotated', 'one')], raises: [] },
      {
        after: 2 * HOUR,
        events: [refreshed('s', { ip: at.TOKYO }, 'rotated', 'one')],
        raises: ['impossible_travel'],
      },
    ],
  },
  {
    name: 'an access token at two places',
    anomalies: travel,
    steps: [
      { events: [used(at.BERLIN), used(at.BERLIN, 'another user')], raises: [] },
      { after: HOUR, events: [used(at.PARIS)], raises: [] },
      { after: MINUTE, events: [used(at.TOKYO)], raises: ['impossible_travel'] },
      { after: MINUTE, events: [used(at.TOKYO, 'another user')], raises: ['impossible_travel'] },
    ],
  },
  {
    name: 'a user who was away for long',
    steps: [
      { events: [started('one')], raises: [] },
      { after: 90 * DAY + 1, events: [started('one', { user_agent: FIREFOX })], raises: ['long_silence'] },
      { after: DAY, events: [started('one')], raises: [] },
    ],
  },
  {
    name: 'a refresh that two networks contest',
    steps: [
      { events: [contested(address(1), address(2))], raises: ['contested_refresh'] },
      { after: 2 * HOUR, events: [contested(address(1), address(2))], raises: ['contested_refresh'] },
    ],
  },
  {
    name: 'two networks that refresh one session in turns',
    steps: [
      {
        events: [refreshed('sid', { ip: address(1) }), refreshed('sid', { ip: address(2) }, 'converged')],
        raises: [],
      },
      {
        after: 15 * MINUTE,
        events: [
          refreshed('sid', { ip: address(1) }),
          refreshed('sid', { ip: address(2) }, 'converged, other version'),
        ],
        raises: ['contested_refresh'],
      },
    ],
  },
  {
    name: 'theft, once an hour for each user',
    steps: [
      { events: [stolen('refresh.reused', 'a')], raises: ['token_theft'] },
      {
        events: [...times(9, () => stolen('refresh.mismatched', 'b')), stolen('refresh.reused', 'c', 'two')],
        raises: ['token_theft'],
      },
      { after: HOUR, events: [stolen('refresh.mismatched', 'b')], raises: ['token_theft'] },
    ],
  },
  {
    name: 'more than twenty tokens that look forged',
    steps: [
      { events: times(20, (nth) => refused(nth % 2 ? 'token_signature' : 'token_key')), raises: [] },
      { events: [refused('token_issuer')], raises: ['refused_tokens'] },
    ],
  },
]

const honest: readonly Story[] = [
  {
    name: 'a phone that changes networks',
    steps: [
      {
        events: times(6, (nth) => [
          accepted('jti', address(nth % 2)),
          refreshed('sid', { ip: address(nth % 2) }),
        ]).flat(),
        raises: [],
      },
      {
        // It lost the answer on its way from one to the other.
        events: [refreshed('sid', { ip: address(0) }), refreshed('sid', { ip: address(1) }, 'converged')],
        raises: [],
      },
      // A third network, but much later.
      { after: 6 * MINUTE, events: [refreshed('sid', { ip: address(3) })], raises: [] },
    ],
  },
  {
    name: 'an answer that is lost twice on the way from one network to another',
    steps: [
      {
        events: [
          refreshed('sid', { ip: address(0) }),
          ...times(3, () => refreshed('sid', { ip: address(1) }, 'converged')),
        ],
        raises: [],
      },
    ],
  },
  {
    name: 'five tabs that refresh at once',
    steps: times(3, () => ({
      after: 14 * MINUTE,
      events: [refreshed('sid'), ...times(4, () => refreshed('sid', {}, 'converged'))],
      raises: [],
    })),
  },
  {
    name: 'a family behind one address',
    steps: [
      {
        events: times(3, (nth) => [started(`user${nth}`), failed('192.0.2.1'), refreshed(`s${nth}`)]).flat(),
        raises: [],
      },
      { after: 5 * MINUTE, events: times(3, () => failed('192.0.2.1')), raises: [] },
    ],
  },
  {
    name: 'a user with three devices',
    anomalies: { rules: { new_device: false } },
    steps: [
      {
        events: [FIREFOX, CHROME, SAFARI].map((user_agent) => started('one', { user_agent })),
        raises: [],
      },
      {
        after: HOUR,
        events: times(60, (nth) => refreshed(`sid${nth % 3}`, {}, 'rotated', 'one')),
        raises: [],
      },
    ],
  },
  {
    name: 'a browser that updates itself',
    steps: [
      { events: [started('one')], raises: [] },
      { after: DAY, events: [started('one', { user_agent: FIREFOX.replaceAll('127', '128') })], raises: [] },
    ],
  },
  {
    name: 'a user who takes a plane, or a train',
    anomalies: travel,
    steps: [
      { events: [started('one', { ip: at.BERLIN })], raises: [] },
      { after: MINUTE, events: [started('one', { ip: at.PARIS })], raises: [] },
      { after: 14 * HOUR, events: [started('one', { ip: at.TOKYO })], raises: [] },
      { after: MINUTE, events: [started('one', { ip: '192.0.2.9' })], raises: [] },
    ],
  },
  {
    name: 'a user who comes back within the time',
    steps: [
      { events: [started('one')], raises: [] },
      { after: 90 * DAY, events: [started('one')], raises: [] },
      { after: 401 * DAY, events: [started('one')], raises: [] },
    ],
  },
  {
    name: 'an answer that was lost on the same network, or nobody knows where',
    steps: [
      { events: [contested(address(1), address(1)), contested(address(1))], raises: [] },
      { events: times(5, () => refreshed('other', { ip: address(1) }, 'converged')), raises: [] },
    ],
  },
  {
    name: 'tokens of another issuer, whose users are somebody else',
    anomalies: travel,
    steps: [{ events: [accepted('a', at.BERLIN), accepted('b', at.TOKYO)], raises: [] }],
  },
  {
    name: 'tokens that were honest once',
    steps: [{ events: times(50, (nth) => refused(nth % 2 ? 'token_expired' : 'token_revoked')), raises: [] }],
  },
  {
    name: 'a client that sends what is no token',
    steps: [{ events: times(50, () => refused('token_malformed')), raises: [] }],
  },
  {
    name: 'events that tell no address',
    steps: [
      {
        events: times(30, () => ({
          ...({ event: 'login.failed', outcome: 'failure' } as const),
        })),
        raises: [],
      },
    ],
  },
  {
    name: 'whatever happens, where a rule is off',
    anomalies: { rules: { failed_sign_ins: false, token_theft: false } },
    steps: [{ events: [...times(9, () => failed(address(1))), stolen('refresh.reused', 'a')], raises: [] }],
  },
  {
    name: 'what an option allows',
    anomalies: { rules: { failed_sign_ins: { most: 50 }, new_device: { days: 1 } } },
    steps: [
      { events: [...times(50, () => failed(address(1))), started('one')], raises: [] },
      { after: 2 * DAY, events: [started('one', { user_agent: CHROME })], raises: [] },
    ],
  },
]

describe.each([
  ['is found', found],
  ['is not found', honest],
] as const)('%s:', (_what, stories) => {
  test.each(stories.map((story) => [story.name, story] as const))('%s', async (_name, story) => {
    const world = await start(story.anomalies)
    for (const { after = 0, events, raises } of story.steps) {
      world.clock.turn(after)
      expect(await world.raisedBy(...events)).toEqual(raises)
    }
  })
})

test('an alert tells what happened, whom it concerns and where, and names nobody in its summary', async () => {
  const { raisedBy, raised, alerts } = await start()
  const request_id = 'request-7'
  await raisedBy(started('one'), started('one', { user_agent: CHROME, request_id }))
  const about = { sub: 'one', sid: 'sid of one', jti: 'jti of one', ip: '192.0.2.1', user_agent: CHROME }
  expectRaised(raised[0], { reason: 'new_device', ...about, request_id })
  expect(alerts).toEqual([
    {
      id: expect.stringMatching(/^[\w-]{22}$/),
      time: '2026-01-01T00:00:00.000Z',
      rule: 'new_device',
      severity: 'notice',
      summary: 'a user signed in from a device that was not seen for 90 days',
      event: expect.objectContaining({ event: 'session.started', ...about, request_id }),
    },
  ])
})

test('many users with one browser at one address are a notice, since an office looks like that', async () => {
  const { raisedBy, alerts } = await start()
  await raisedBy(...times(10, (nth) => started(`user${nth}`)))
  expect(alerts).toMatchObject([{ rule: 'shared_device', severity: 'notice' }])
})
