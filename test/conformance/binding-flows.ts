import { expect } from 'vitest'
import { audited } from './audited.ts'
import type { Fields, Send } from './client.ts'
import { expectReply } from './expectations.ts'
import type { Case } from './runner.ts'
import { agents, bearer, json, PASSWORD, type SignedIn, signedIn, type Visitor } from './visitor.ts'

/** What of a device can change. */
interface Traits {
  readonly network?: 'home' | 'away' | 'near'
  readonly screen?: string
  readonly timezone?: string
  readonly languages?: string
}

const HOME: Traits = {
  network: 'home',
  screen: '1920x1080x2',
  timezone: 'Europe/Berlin',
  languages: 'de-DE,en',
}
/** Addresses of two networks; the first two are neighbours. */
const ADDRESSES = { home: '192.0.2.10', near: '192.0.2.99', away: '198.51.100.7' } as const

/** The headers of a device; a proxy that is trusted tells the address. */
function of({ network = 'home', ...signals }: Traits): Fields {
  const members = Object.entries(signals).map(([name, value]) => `${name}="${value}"`)
  return {
    'x-forwarded-for': ADDRESSES[network],
    ...(members.length === 0 ? {} : { 'device-signals': members.join(', ') }),
  }
}

const CHANGES = {
  network: { network: 'away' },
  screen: { screen: '844x390x3' },
  timezone: { timezone: 'Asia/Tokyo' },
  languages: { languages: 'ja' },
} as const satisfies Record<string, Traits>
type Change = keyof typeof CHANGES

const changed = (...changes: readonly Change[]): Traits =>
  Object.assign({}, HOME, ...changes.map((change) => CHANGES[change]))
const dead = { status: 401, error: 'invalid_grant', cookie: 'kept' } as const
const challenged = { status: 401, error: 'insufficient_user_authentication', cookie: 'kept' } as const
const served = { status: 200, cookie: 'set' } as const

/** What was told of a session's device. */
const told = ({ host }: Visitor, { sid }: SignedIn) =>
  audited(host, sid, 'device.changed', 'refresh.mismatched').map((event) => [
    ...[event.event, event.outcome, event.reason, event.changed],
  ])
const drift = (...changes: readonly string[]) => ['device.changed', 'success', 'drift', changes.join(' ')]

function stepUp({ token }: SignedIn, password: string, headers: Fields): Send {
  const { headers: type, body } = json({ password })
  return { method: 'POST', path: '/auth/step-up', headers: { ...type, ...bearer(token), ...headers }, body }
}

const goesOn = (name: string, before: Traits, after: Traits, ...tells: readonly unknown[][]): Case => ({
  name: `goes on: ${name}`,
  async play(visitor) {
    const session = await visitor.signIn(visitor.user, of(before))
    const reply = await visitor.refresh(session.refresh, of(after))
    expectReply(reply, served)
    expect(told(visitor, session)).toEqual(tells)
    expectReply(await visitor.me(session.token), { status: 200 })
    expectReply(await visitor.refresh(signedIn(reply).refresh, of(before)), served)
    expect(told(visitor, session)).toEqual(tells)
  },
})

const some: readonly (readonly Change[])[] = [
  ['network'],
  ['screen'],
  ['timezone'],
  ['languages'],
  ['network', 'timezone'],
  ['network', 'screen', 'languages'],
  ['screen', 'timezone', 'languages'],
]

const never: readonly Case[] = [
  goesOn('nothing changed', HOME, HOME),
  goesOn('another address of the same network', HOME, { ...HOME, network: 'near' }),
  goesOn('no signals at sign-in', { network: 'home' }, HOME),
  goesOn('no signals at a refresh', HOME, { network: 'home' }),
  goesOn(
    'other signals at a refresh than at sign-in',
    { screen: '1x1' },
    { timezone: 'Asia/Tokyo', languages: 'ja' },
  ),
  goesOn('an empty signal', HOME, { ...HOME, screen: '', timezone: '' }),
]

const ends = (...changes: readonly Change[]): Case => ({
  name: `ends: ${changes.join(', ')}`,
  async play(visitor) {
    const session = await visitor.signIn(visitor.user, of(HOME))
    expectReply(await visitor.refresh(session.refresh, of(changed(...changes))), dead)
    const names = changes.join(' ')
    expect(told(visitor, session)).toEqual([['refresh.mismatched', 'failure', 'other_device', names]])
    expect(audited(visitor.host, session.sid, 'session.ended')).toMatchObject([
      { reason: 'refresh.mismatched' },
    ])
    await visitor.expectEnded(session)
  },
})

const malformed = (name: string, header: string | readonly string[]): Case => ({
  name: `counts as none, and is told: ${name}`,
  async play(visitor) {
    const broken = { ...of({}), 'device-signals': header }
    const session = await visitor.signIn(visitor.user, of(HOME))
    expectReply(await visitor.refresh(session.refresh, broken), served)
    const tells = ['device.changed', 'success', 'signals_malformed', undefined]
    expect(told(visitor, session)).toEqual([tells])
    const other = await visitor.signIn(visitor.user, broken)
    expect(told(visitor, other)).toEqual([tells])
    expectReply(await visitor.refresh(other.refresh, of(changed('screen', 'timezone'))), served)
    expect(told(visitor, other)).toEqual([tells])
  },
})

const ALL = ['network', 'screen', 'timezone', 'languages'] as const

export const balancedFlows: readonly Case[] = [
  ...never,
  ...some.map((changes) => goesOn(changes.join(', '), HOME, changed(...changes), drift(...changes))),
  goesOn(
    'two signals were sent at sign-in, and all that there is changed',
    { ...HOME, languages: '' },
    changed(...ALL),
    drift('network', 'screen', 'timezone'),
  ),
  {
    name: 'all four changes ask for a step-up: the session lives, and goes on where it was',
    async play(visitor) {
      const session = await visitor.signIn(visitor.user, of(HOME))
      for (let time = 0; time < 2; time++)
        expectReply(await visitor.refresh(session.refresh, of(changed(...ALL))), challenged)
      const tells = ['device.changed', 'failure', 'step_up_required', ALL.join(' ')]
      expect(told(visitor, session)).toEqual([tells, tells])
      expectReply(await visitor.me(session.token), { status: 200 })
      expectReply(await visitor.refresh(session.refresh, of(HOME)), served)
      expect(audited(visitor.host, session.sid, 'session.ended', 'token.refused')).toEqual([])
    },
  },
  {
    name: 'a step-up with the password heals it, and from then on that is the device',
    async play(visitor) {
      const session = await visitor.signIn(visitor.user, of(HOME))
      const away = of(changed(...ALL))
      expectReply(await visitor.refresh(session.refresh, away), challenged)
      await visitor.expect(stepUp(session, 'wrong one', away), { status: 401, error: 'invalid_credentials' })
      expectReply(await visitor.refresh(session.refresh, away), challenged)
      await visitor.expect(stepUp(session, PASSWORD, away), { status: 200 })
      const next = await visitor.refresh(session.refresh, away)
      expectReply(next, served)
      expect(told(visitor, session).at(-1)).toEqual([
        'device.changed',
        'failure',
        'step_up_required',
        ALL.join(' '),
      ])
      expectReply(await visitor.refresh(signedIn(next).refresh, of(HOME)), challenged)
    },
  },
  {
    name: 'a step-up that sends no signals heals it as well',
    async play(visitor) {
      const session = await visitor.signIn(visitor.user, of(HOME))
      const away = of(changed(...ALL))
      expectReply(await visitor.refresh(session.refresh, away), challenged)
      await visitor.expect(stepUp(session, PASSWORD, of({ network: 'away' })), { status: 200 })
      expectReply(await visitor.refresh(session.refresh, away), served)
      expect(told(visitor, session).at(-1)).toEqual(drift('screen', 'timezone', 'languages'))
    },
  },
  {
    name: 'a native app is asked for a step-up, too',
    async play(visitor) {
      const native = { 'x-token-transport': 'body' }
      const session = await visitor.signIn(visitor.user, { ...native, ...of(HOME) })
      expectReply(await visitor.exchange(session.refresh, {}, of(changed(...ALL))), challenged)
      expectReply(await visitor.exchange(session.refresh, {}, of(HOME)), { status: 200 })
    },
  },
  {
    name: 'a replaced cookie is theft, though its device would be asked for a step-up',
    async play(visitor) {
      const session = await visitor.signIn(visitor.user, of(HOME))
      const second = signedIn(await visitor.refresh(session.refresh, of(HOME)))
      const third = signedIn(await visitor.refresh(second.refresh, of(HOME)))
      expectReply(await visitor.refresh(session.refresh, of(changed(...ALL))), dead)
      await visitor.expectEnded(third)
      expect(audited(visitor.host, session.sid, 'refresh.reused')).toHaveLength(1)
    },
  },
  {
    name: 'another browser ends the session, whatever else changed',
    async play(visitor) {
      const session = await visitor.signIn(visitor.user, of(HOME))
      const headers = { ...of(changed(...ALL)), 'user-agent': agents.firefox }
      expectReply(await visitor.refresh(session.refresh, headers), dead)
      const names = ['family', ...ALL].join(' ')
      expect(told(visitor, session)).toEqual([['refresh.mismatched', 'failure', 'other_device', names]])
    },
  },
  {
    name: 'the device of the sign-in stays what later ones are compared with, and a drift is told each time',
    async play(visitor) {
      let session = await visitor.signIn(visitor.user, of(HOME))
      const steps = [['timezone'], ['timezone'], ['timezone', 'languages'], []] as const
      for (const changes of steps)
        session = signedIn(await visitor.refresh(session.refresh, of(changed(...changes))))
      expect(told(visitor, session)).toEqual([
        drift('timezone'),
        drift('timezone'),
        drift('timezone', 'languages'),
      ])
    },
  },
  {
    name: 'a refresh that converges tells of its device, too',
    async play(visitor) {
      const session = await visitor.signIn(visitor.user, of(HOME))
      expectReply(await visitor.refresh(session.refresh, of(HOME)), served)
      expectReply(await visitor.refresh(session.refresh, of(changed('network'))), served)
      expect(told(visitor, session)).toEqual([drift('network')])
    },
  },
  {
    name: 'an older version is told',
    async play(visitor) {
      const session = await visitor.signIn(visitor.user, of(HOME))
      expectReply(
        await visitor.refresh(session.refresh, { ...of(HOME), 'user-agent': agents.chrome125 }),
        served,
      )
      expect(told(visitor, session)).toEqual([drift('version')])
    },
  },
  malformed('JSON', '{"screen":"1x1"}'),
  malformed('a token', 'timezone=UTC'),
  malformed('513 bytes', `timezone="${'x'.repeat(502)}"`),
  malformed('8,000 bytes', 'x'.repeat(8000)),
  malformed('two headers', ['screen="1x1"', 'timezone="UTC"']),
  malformed('bytes beyond ASCII', 'timezone="\u00ff\u00fe"'),
  {
    name: 'of a token that was never issued, nothing is told',
    async play(visitor) {
      expectReply(await visitor.refresh('x', { 'device-signals': '(' }), dead)
    },
  },
]

export const strictFlows: readonly Case[] = [
  ...never,
  ...ALL.map((change) => goesOn(change, HOME, changed(change), drift(change))),
  ends('network', 'timezone'),
  ends('screen', 'languages'),
  ends(...ALL),
]

export const offFlows: readonly Case[] = [
  ...[...some, ALL].map((changes) => goesOn(changes.join(', '), HOME, changed(...changes))),
  {
    name: 'goes on: another browser on another system',
    async play(visitor) {
      const session = await visitor.signIn(visitor.user, of(HOME))
      for (const agent of [agents.firefox, agents.chromeOnAndroid, []])
        expectReply(await visitor.refresh(session.refresh, { ...of(HOME), 'user-agent': agent }), served)
      expect(told(visitor, session)).toEqual([])
    },
  },
  {
    name: 'goes on: a malformed header is not read',
    async play(visitor) {
      const session = await visitor.signIn(visitor.user, { 'device-signals': '(' })
      expectReply(await visitor.refresh(session.refresh, { 'device-signals': '(' }), served)
      expect(told(visitor, session)).toEqual([])
    },
  },
]
