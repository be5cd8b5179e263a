import { describe, expect, test } from 'vitest'
import type { Standing } from '../../packages/core/src/access/allow-list/index.ts'
import type { Inspection } from '../../packages/core/src/access/inspect.ts'
import { KnownToken } from '../../packages/core/src/access/known-token.ts'
import type { Possession } from '../../packages/core/src/access/possession.ts'
import { type AccessPolicy, type AccessVerdict, createAccess } from '../../packages/core/src/access/verify.ts'
import { createCallers } from '../../packages/core/src/gate/callers.ts'
import { newSessionId, tagOf } from '../../packages/core/src/ports/ids.ts'
import type { Auth } from '../../packages/core/src/seam/auth.ts'
import type { TokenSource } from '../../packages/core/src/tokens/source.ts'
import { createRequired, type Required } from '../../packages/core/src/watch/audit/required.ts'
import type { WhenTold } from '../../packages/core/src/watch/audit/verifications.ts'
import { createTally } from '../../packages/core/src/watch/metrics/tally.ts'
import { viewOf } from './view.ts'

const OURS = 'https://auth.example.com'
const THEIRS = 'https://others.example.com'
const SESSION = newSessionId(tagOf('user-1'), (bytes) => new Uint8Array(bytes))
const KEY = 'A'.repeat(43)

const sourceOf = (own: boolean): TokenSource => ({
  ...{ own, issuer: own ? OURS : THEIRS, audience: ['api'], audienceClaim: 'aud', types: new Set() },
  ...{ leewaySeconds: 0, rememberedMs: 0, find: () => ({ kind: 'unknown' }) },
})

interface Made {
  readonly issuer?: string
  readonly credential?: Auth['credential']
  /** `null`: none. */
  readonly session?: string | null
  readonly claims?: Readonly<Record<string, unknown>>
}

function tokenOf({
  issuer = OURS,
  credential = 'access_token',
  session = SESSION,
  claims = {},
}: Made = {}): KnownToken {
  const own = issuer === OURS
  const sid = session ?? undefined
  const auth: Auth = {
    ...{ issuer, own, credential, subject: 'user-1', session: sid, client: 'web', scopes: [], kid: 'k1' },
    claims: {
      ...{ iss: issuer, sub: 'user-1', aud: 'api', exp: 2, iat: 1, jti: 'jti-1', gen: 3 },
      ...(sid === undefined ? {} : { sid }),
      ...claims,
    },
  }
  return new KnownToken('token', auth, sourceOf(own), 0)
}

const OWN: AccessPolicy = { issuers: 'own', apiKeys: 'refuse', whenUnavailable: 'refuse' }
const NAMES = { sub: 'user-1', sid: SESSION, jti: 'jti-1' }
const FOREIGN = { sub: `${THEIRS} user-1`, sid: `${THEIRS} ${SESSION}`, jti: `${THEIRS} jti-1` }

interface Parts {
  readonly inspection: Inspection | Promise<Inspection>
  readonly standing?: Standing | Promise<Standing>
  readonly isRevoked?: boolean
  readonly possession?: Possession | Promise<Possession>
  readonly told?: WhenTold
  readonly required?: Required
  readonly confirmed?: readonly ('noted' | 'unavailable')[]
}

function world(parts: Parts) {
  const told: object[] = []
  const later: object[] = []
  const confirmations: object[] = []
  const outcomes = [...(parts.confirmed ?? [])]
  const tally = createTally()
  const asked: unknown[][] = []
  const access = createAccess({
    inspect: () => parts.inspection,
    possession: (...given) => {
      asked.push(given)
      return parts.possession ?? { kind: 'held' }
    },
    standings: { judge: () => parts.standing ?? 'live', knowsRevoked: () => parts.isRevoked ?? false },
    store: {
      async confirm(confirmation) {
        confirmations.push(confirmation)
        return { kind: outcomes.shift() ?? 'noted' }
      },
    },
    emit: (event, caller) => told.push({ ...event, ip: caller?.ip }),
    emitSoon: (event, { ip }) => later.push({ ...event(), ip }),
    callers: createCallers((bytes) => new Uint8Array(bytes)),
    tally,
    audit: { required: parts.required ?? createRequired(undefined) },
    whenTold: parts.told,
  })
  const verify = (
    policy: Partial<AccessPolicy> = {},
    proven = false,
  ): AccessVerdict | Promise<AccessVerdict> =>
    access.verify(
      'token',
      viewOf({ ip: '192.0.2.1' }),
      { ...OWN, ...policy },
      proven ? viewOf({}) : undefined,
    )
  return { access, verify, told, later, confirmations, tally, asked }
}

const genuine = (made: Made = {}): Inspection => ({ kind: 'genuine', token: tokenOf(made) })
const refusedEvent = (reason: string, names: object = {}) => ({
  ...{ event: 'token.refused', outcome: 'failure', reason, ip: '192.0.2.1' },
  ...names,
})

describe('what was found out about a token decides', () => {
  // biome-ignore format: one row, one line
  test.each([
    [{ kind: 'expired', token: tokenOf() }, 'token_expired', 'token_expired', NAMES],
    [{ kind: 'malformed' }, 'token_malformed', 'token_malformed', {}],
    [{ kind: 'invalid', why: 'signature' }, 'token_invalid', 'token_signature', {}],
    [{ kind: 'early' }, 'token_early', 'token_early', {}],
    [{ kind: 'unavailable', of: 'store' }, 'store_unavailable', 'store_unavailable', {}],
    [{ kind: 'unavailable', of: 'issuer' }, 'issuer_unavailable', 'issuer_unavailable', {}],
  ] as readonly (readonly [Inspection, string, string, object])[])('%o', async (inspection, problem, reason, names) => {
    for (const one of [inspection, Promise.resolve(inspection)]) {
      const { verify, told, tally } = world({ inspection: one })
      expect(await verify()).toEqual({ kind: 'refuse', problem })
      expect(told).toEqual([refusedEvent(reason, names)])
      expect(tally.allowed).toBe(0)
    }
  })

  test('a limit says when to come again', async () => {
    const { verify, told } = world({ inspection: { kind: 'limited', retryAfterSeconds: 7 } })
    expect(await verify()).toEqual({ kind: 'refuse', problem: 'signatures_limited', retryAfterSeconds: 7 })
    expect(told).toEqual([refusedEvent('signatures_limited')])
  })

  test('a genuine token is allowed at once, by the object that all its requests share', async () => {
    const inspection = genuine()
    const { verify, told, tally, asked } = world({ inspection })
    const verdict = verify()
    expect(verdict).toBe('token' in inspection && inspection.token.allowed)
    expect([tally.allowed, told, asked]).toEqual([1, [], []])
    expect(await world({ inspection: Promise.resolve(genuine()) }).verify()).toMatchObject({ kind: 'allow' })
  })
})

describe('a route accepts', () => {
  const issuerOf = (issuers: AccessPolicy['issuers'], issuer: string) =>
    world({ inspection: genuine({ issuer }) }).verify({ issuers })

  // biome-ignore format: one row, one line
  test.each([
    ['own', OURS, 'allow'], ['own', THEIRS, 'refuse'],
    ['all', OURS, 'allow'], ['all', THEIRS, 'allow'],
    [new Set([THEIRS]), THEIRS, 'allow'], [new Set([THEIRS]), OURS, 'refuse'], [new Set([OURS]), THEIRS, 'refuse'],
  ] as const)('of the issuers %o, and of %s: %s', (issuers, issuer, kind) => {
    expect(issuerOf(issuers, issuer)).toMatchObject({ kind })
  })

  test('no token of another issuer, and it is told as one of theirs', () => {
    const { verify, told } = world({ inspection: genuine({ issuer: THEIRS }) })
    expect(verify()).toEqual({ kind: 'refuse', problem: 'token_invalid' })
    expect(told).toEqual([refusedEvent('token_issuer', FOREIGN)])
  })

  test('API keys where they are wanted, and no access token is refused for that', () => {
    const key = { credential: 'api_key' } as const
    const { verify, told } = world({ inspection: genuine(key) })
    expect(verify()).toEqual({ kind: 'refuse', problem: 'token_invalid' })
    expect(told).toEqual([refusedEvent('token_api_key', NAMES)])
    expect(world({ inspection: genuine(key) }).verify({ apiKeys: 'accept' })).toMatchObject({ kind: 'allow' })
    expect(world({ inspection: genuine() }).verify({ apiKeys: 'accept' })).toMatchObject({ kind: 'allow' })
  })
})

describe('the standing of a genuine token decides', () => {
  test.each([
    ['revoked', 'token_revoked'],
    ['unlisted', 'token_unlisted'],
  ] as const)('%s', async (standing, reason) => {
    for (const one of [standing, Promise.resolve(standing)]) {
      const { verify, told, tally, confirmations } = world({ inspection: genuine(), standing: one })
      expect(await verify()).toEqual({ kind: 'refuse', problem: 'token_revoked' })
      expect(told).toEqual([refusedEvent(reason, NAMES)])
      expect([tally.allowed, confirmations]).toEqual([0, []])
    }
  })

  test('what cannot be judged is refused, or let through where the route says so', () => {
    const degraded = { event: 'decision.degraded', reason: 'store_unavailable', ip: '192.0.2.1', ...NAMES }
    const strict = world({ inspection: genuine(), standing: 'unavailable' })
    expect(strict.verify()).toEqual({ kind: 'refuse', problem: 'store_unavailable' })
    expect(strict.told).toEqual([{ ...degraded, outcome: 'failure' }])
    const lenient = world({ inspection: genuine(), standing: 'unavailable' })
    expect(lenient.verify({ whenUnavailable: 'allow' })).toMatchObject({ kind: 'allow' })
    expect(lenient.told).toEqual([{ ...degraded, outcome: 'success' }])
    expect([strict.tally.allowed, lenient.confirmations]).toEqual([0, []])
  })
})

describe('a token that is bound, or sent with a proof', () => {
  const bound = { claims: { cnf: { jkt: KEY } } }
  const headers = { 'DPoP-Nonce': 'next' }

  test('is asked for after it is known not to be revoked, and with the request that proves it', async () => {
    const revoked = world({ inspection: genuine(bound), isRevoked: true })
    expect(revoked.verify({}, true)).toEqual({ kind: 'refuse', problem: 'token_revoked' })
    expect([revoked.told, revoked.asked]).toEqual([[refusedEvent('token_revoked', NAMES)], []])
    for (const [made, proven] of [
      [bound, false],
      [{}, true],
    ] as const) {
      const { verify, asked } = world({ inspection: genuine(made) })
      expect(await verify({}, proven)).toMatchObject({ kind: 'allow' })
      expect(asked).toHaveLength(1)
      expect(asked[0]?.[2] === undefined).toBe(!proven)
    }
  })

  test('is judged after the proof, and the answer has what the proof adds', async () => {
    for (const possession of [
      { kind: 'held', headers } as const,
      Promise.resolve({ kind: 'held', headers } as const),
    ])
      for (const standing of ['live', Promise.resolve('live' as const)] as const) {
        const { verify } = world({ inspection: genuine(bound), possession, standing })
        expect(await verify({}, true)).toMatchObject({ kind: 'allow', headers })
      }
    const gone = world({
      inspection: genuine(bound),
      possession: { kind: 'held', headers },
      standing: 'revoked',
    })
    expect(await gone.verify({}, true)).toEqual({ kind: 'refuse', problem: 'token_revoked', headers })
    const plain = await world({ inspection: genuine(bound) }).verify({}, true)
    expect('headers' in plain).toBe(false)
  })

  test('is refused for want of it, which is told unless it is in the course of things', async () => {
    const problem = 'dpop_invalid' as const
    const refused = world({
      inspection: genuine(bound),
      possession: { kind: 'refused', problem, reason: 'dpop_time' },
    })
    expect(await refused.verify({}, true)).toEqual({ kind: 'refuse', problem })
    expect(refused.told).toEqual([refusedEvent('dpop_time', NAMES)])
    const nonce = { kind: 'refused', problem: 'dpop_nonce', reason: undefined, headers } as const
    const asked = world({ inspection: genuine(bound), possession: nonce })
    expect(await asked.verify({}, true)).toEqual({ kind: 'refuse', problem: 'dpop_nonce', headers })
    expect([asked.told, asked.tally.allowed]).toEqual([[], 0])
  })
})

describe('the first use of a generation', () => {
  test('is told to the store once, and again while the store does not hear it', async () => {
    const { verify, confirmations } = world({
      inspection: genuine(),
      confirmed: ['unavailable', 'noted'],
    })
    for (let times = 0; times < 4; times++) {
      await verify()
      await new Promise(setImmediate)
    }
    const confirmation = { id: SESSION, generation: 3 }
    expect(confirmations).toEqual([confirmation, confirmation])
  })

  // biome-ignore format: one row, one line
  test.each([
    ['another issuer', { issuer: THEIRS }],
    ['no generation', { claims: { gen: undefined } }],
    ['no session', { claims: { sid: undefined } }],
    ['what is no id of a session', { claims: { sid: 'session-1' } }],
  ])('is not, of a token of %s', async (_what, made) => {
    const { verify, confirmations } = world({ inspection: genuine(made) })
    expect(await verify({ issuers: 'all' })).toMatchObject({ kind: 'allow' })
    expect(confirmations).toEqual([])
  })
})

describe('the use of a good token', () => {
  const accepted = { event: 'token.accepted', outcome: 'success', ip: '192.0.2.1', ...NAMES }

  test.each([
    ['never', [], []],
    ['now', [accepted], []],
    ['soon', [], [accepted]],
  ] as const)('is told %s', (when, told, later) => {
    const here = world({ inspection: genuine(), told: () => when })
    here.verify()
    expect([here.told, here.later]).toEqual([told, later])
  })

  test('is told without what the token does not name', () => {
    const here = world({
      inspection: genuine({ issuer: THEIRS, session: null, claims: { jti: undefined } }),
      told: () => 'now',
    })
    here.verify({ issuers: 'all' })
    expect(here.told).toStrictEqual([
      { event: 'token.accepted', outcome: 'success', sub: FOREIGN.sub, ip: '192.0.2.1' },
    ])
  })
})

test('a request without a token is refused and told of nobody, unless it had none at all', () => {
  const { access, told } = world({ inspection: genuine() })
  const sender = viewOf({ ip: '192.0.2.1' })
  expect(access.refuse('token_missing', sender)).toEqual({ kind: 'refuse', problem: 'token_missing' })
  expect(told).toEqual([])
  expect(access.refuse('token_malformed', sender)).toEqual({ kind: 'refuse', problem: 'token_malformed' })
  expect(told).toEqual([refusedEvent('token_malformed')])
})

test('nothing is decided while its events cannot be written', () => {
  const required: Required = {
    isOn: true,
    step: (_take, refuse) => async () => refuse(),
    decision: (_take, refuse) => () => refuse(),
  }
  const { access, verify } = world({ inspection: genuine(), required })
  const unwritten = { kind: 'refuse', problem: 'audit_unavailable' }
  expect(verify()).toEqual(unwritten)
  expect(access.refuse('token_malformed', viewOf({}))).toEqual(unwritten)
})
