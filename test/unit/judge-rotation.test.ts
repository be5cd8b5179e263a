import {
  BOUND_KEY_GRACE_MS,
  judgeRotation,
  type RefreshWindow,
  type RetryKey,
  type Rotation,
  type RotationState,
  type RotationVerdict,
  sessionIdFrom,
  tagOf,
} from '@sallyport/core/store'
import { expect, test } from 'vitest'

const START = Date.UTC(2026, 0, 1)
const SECOND = 1000
const GRACE = 10 * SECOND
const WINDOW = 60 * SECOND

const keyOf = (number: number, sent = true): RetryKey => ({ bytes: new Uint8Array(6).fill(number), sent })
const deviceOf = (...cells: readonly number[]) => ({ cells: Uint8Array.from(cells), version: 100 })
const DEVICE = deviceOf(1, 1, 1, 1, 2, 2, 2, 2)
const OTHER_DEVICE = deviceOf(9, 9, 9, 9, 2, 2, 2, 2)
const boundAt = (instant: number): Partial<RotationState> => ({
  boundKey: { jkt: 'thumbprint', alg: 'ES256', jwk: {}, boundAt: instant },
})
const FIRST_CELL = 1
const NO_RULE = { enforced: 0, stepUp: 0, counted: 0, stepUpAt: 0, endAt: 0 }

/** A session whose generation 5 was made from generation 4, a minute ago. */
const state: RotationState = {
  ...{ generation: 5, base: 4, keyed: false, confirmed: false, converged: 0 },
  ...{ createdAt: START - 3600 * SECOND, rotatedAt: START - 60 * SECOND },
  ...{ client: 'web', transport: 'cookie', binding: DEVICE },
}
const window: RefreshWindow = { endsAt: START + 30 * SECOND, count: 3 }
const refresh: Rotation = {
  id: sessionIdFrom(tagOf('alice'), Buffer.alloc(16).toString('base64url')),
  ...{ generation: 5, client: 'web', transport: 'cookie', bindings: [DEVICE], driftRule: NO_RULE },
  ...{ at: START, lifetimes: { idleMs: 3600 * SECOND, absoluteMs: 24 * 3600 * SECOND } },
  ...{ known: { endedUntil: 0, refusedUntil: 0 }, graceMs: GRACE },
  ...{ refreshLimit: { count: 10, windowMs: WINDOW }, convergedLimit: 4 },
}
const counted = { endsAt: window.endsAt, count: 4 }
const onward = { keyed: false, drift: 0, binding: DEVICE, window: counted }
const rotate = { kind: 'rotate', rolledBack: false, generation: 6, base: 5, ...onward } as const
const contest = { kind: 'contest', generation: 6, base: 4, ...onward } as const
const converge = { kind: 'converge', converged: 1, drift: 0 } as const
const reuse = { kind: 'reuse', rolledBack: false } as const
const previous = { generation: 4 }
const racing = { rotatedAt: START - GRACE }

interface Judged {
  readonly when: string
  readonly state?: Partial<RotationState>
  readonly window?: RefreshWindow
  readonly refresh?: Partial<Rotation>
  readonly verdict: RotationVerdict
}

const cases: readonly Judged[] = [
  { when: 'the current token is presented', verdict: rotate },
  { when: 'no client is told', refresh: { client: undefined }, verdict: rotate },
  { when: 'it is another client', refresh: { client: 'app' }, verdict: { kind: 'wrong_client' } },
  { when: 'it is the other transport', refresh: { transport: 'body' }, verdict: { kind: 'wrong_client' } },
  {
    when: 'the session was idle to the end',
    state: { rotatedAt: START - 3600 * SECOND },
    verdict: { kind: 'expired' },
  },
  {
    when: 'it has expired, too, and belongs to another client',
    state: { rotatedAt: START - 3600 * SECOND },
    refresh: { client: 'app' },
    verdict: { kind: 'expired' },
  },

  { when: 'the client sends a key', refresh: { key: keyOf(1) }, verdict: { ...rotate, keyed: true } },
  { when: 'the process made the key', refresh: { key: keyOf(1, false) }, verdict: rotate },
  { when: 'the session is a keyed one', state: { keyed: true }, verdict: { ...rotate, keyed: true } },

  {
    when: 'the key of the browser is not shown',
    state: boundAt(START - BOUND_KEY_GRACE_MS - 1),
    refresh: { keyProof: {} },
    verdict: { kind: 'unproven' },
  },
  {
    when: 'it was registered so lately that the request may have been under way',
    state: boundAt(START - BOUND_KEY_GRACE_MS),
    refresh: { keyProof: {} },
    verdict: rotate,
  },
  {
    when: 'it is shown',
    state: boundAt(0),
    refresh: { keyProof: { jkt: 'thumbprint' } },
    verdict: rotate,
  },
  { when: 'it is not asked for', state: boundAt(0), verdict: rotate },
  { when: 'there is none to show', refresh: { keyProof: {} }, verdict: rotate },

  {
    when: 'the device differs, and nothing follows from that',
    refresh: { bindings: [OTHER_DEVICE] },
    verdict: { ...rotate, drift: FIRST_CELL },
  },
  {
    when: 'the device differs where it must not',
    refresh: { bindings: [OTHER_DEVICE], driftRule: { ...NO_RULE, enforced: FIRST_CELL } },
    verdict: { kind: 'mismatch', drift: FIRST_CELL },
  },
  {
    when: 'the device differs so that the user must authenticate again',
    refresh: { bindings: [OTHER_DEVICE], driftRule: { ...NO_RULE, stepUp: FIRST_CELL } },
    verdict: { kind: 'challenge', drift: FIRST_CELL },
  },
  {
    when: 'such a device presents the previous token',
    refresh: { ...previous, bindings: [OTHER_DEVICE], driftRule: { ...NO_RULE, stepUp: FIRST_CELL } },
    verdict: { kind: 'challenge', drift: FIRST_CELL },
  },
  {
    when: 'such a device presents the previous token within the grace',
    state: racing,
    refresh: { ...previous, bindings: [OTHER_DEVICE], driftRule: { ...NO_RULE, stepUp: FIRST_CELL } },
    verdict: { kind: 'challenge', drift: FIRST_CELL },
  },

  {
    when: 'one refresh is left',
    window: { ...window, count: 9 },
    verdict: { ...rotate, window: { ...window, count: 10 } },
  },
  {
    when: 'none is left',
    window: { ...window, count: 10 },
    verdict: { kind: 'limited', retryAfterMs: 30 * SECOND },
  },
  {
    when: 'none is left, and the previous token is presented',
    window: { ...window, count: 10 },
    refresh: previous,
    verdict: { kind: 'limited', retryAfterMs: 30 * SECOND },
  },
  {
    when: 'the window has just ended',
    window: { endsAt: START, count: 10 },
    verdict: { ...rotate, window: { endsAt: START + WINDOW, count: 1 } },
  },
  {
    when: 'the window has ended, within a second',
    window: { endsAt: START, count: 10 },
    refresh: { at: START + 1 },
    verdict: { ...rotate, window: { endsAt: START + WINDOW + SECOND, count: 1 } },
  },
  {
    when: 'there is no limit',
    window: { endsAt: START, count: 10 },
    refresh: { refreshLimit: { count: 0, windowMs: WINDOW } },
    verdict: { ...rotate, window: { endsAt: START, count: 0 } },
  },

  {
    when: 'the token is ahead of the record',
    refresh: { generation: 6 },
    verdict: { ...rotate, rolledBack: true, generation: 7, base: 6 },
  },
  {
    when: 'the token is ahead of the record in the strict mode',
    refresh: { generation: 6, graceMs: 0 },
    verdict: { ...reuse, rolledBack: true },
  },

  {
    when: 'the previous token is presented within the grace',
    state: racing,
    refresh: previous,
    verdict: converge,
  },
  {
    when: 'it is presented within the grace by another device',
    state: racing,
    refresh: { ...previous, bindings: [OTHER_DEVICE] },
    verdict: { ...converge, drift: FIRST_CELL },
  },
  {
    when: 'the grace is over',
    state: { rotatedAt: START - GRACE - 1 },
    refresh: previous,
    verdict: contest,
  },
  {
    when: 'one converged answer is left',
    state: { ...racing, converged: 3 },
    refresh: previous,
    verdict: { ...converge, converged: 4 },
  },
  {
    when: 'no converged answer is left',
    state: { ...racing, converged: 4 },
    refresh: previous,
    verdict: { kind: 'limited', retryAfterMs: SECOND },
  },
  {
    when: 'converged answers have no limit',
    state: { ...racing, converged: 4 },
    refresh: { ...previous, convergedLimit: 0 },
    verdict: { ...converge, converged: 5 },
  },
  {
    when: 'an attempt is repeated with its key',
    state: { key: keyOf(1), keyed: true, confirmed: true },
    refresh: { ...previous, key: keyOf(1) },
    verdict: converge,
  },
  {
    when: 'it is repeated with its key in the strict mode',
    state: { key: keyOf(1, false) },
    refresh: { ...previous, key: keyOf(1, false), graceMs: 0 },
    verdict: converge,
  },
  {
    when: 'it is repeated with another key within the grace',
    state: { ...racing, key: keyOf(1), keyed: true },
    refresh: { ...previous, key: keyOf(2) },
    verdict: reuse,
  },
  {
    when: 'a key of the process has the bytes of one that the client sent',
    state: { key: keyOf(1), keyed: true },
    refresh: { ...previous, key: keyOf(1, false) },
    verdict: reuse,
  },
  {
    when: 'it is repeated without the key',
    state: { key: keyOf(1), keyed: true },
    refresh: previous,
    verdict: reuse,
  },
  {
    when: 'the key of the current generation was made by the process',
    state: { key: keyOf(1, false) },
    refresh: previous,
    verdict: contest,
  },
  {
    when: 'the session is keyed, and nobody had a key for the current generation',
    state: { ...racing, keyed: true },
    refresh: previous,
    verdict: { ...contest, keyed: true },
  },
  {
    when: 'the first key comes with the previous token, within the grace',
    state: racing,
    refresh: { ...previous, key: keyOf(1) },
    verdict: { ...contest, keyed: true },
  },
  {
    when: 'the current generation was seen in use',
    state: { confirmed: true },
    refresh: previous,
    verdict: reuse,
  },
  { when: 'the previous one comes in the strict mode', refresh: { ...previous, graceMs: 0 }, verdict: reuse },
  {
    when: 'the previous one comes at once in the strict mode',
    state: { rotatedAt: START },
    refresh: { ...previous, graceMs: 0 },
    verdict: reuse,
  },
  { when: 'an older token is presented', state: racing, refresh: { generation: 3 }, verdict: reuse },
  { when: 'a burnt token is presented', state: { base: 3 }, refresh: previous, verdict: reuse },
  {
    when: 'one more generation may be skipped',
    state: { generation: 65_538 },
    refresh: previous,
    verdict: { ...contest, generation: 65_539 },
  },
  {
    when: 'too many generations were skipped',
    state: { generation: 65_539 },
    refresh: previous,
    verdict: reuse,
  },
]

test.each(cases)('when $when, the verdict is $verdict.kind', ({ verdict, ...given }) => {
  const judged = judgeRotation({ ...state, ...given.state }, given.window ?? window, {
    ...refresh,
    ...given.refresh,
  })
  expect(judged).toStrictEqual(verdict)
})
