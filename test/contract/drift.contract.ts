import type { Session } from '@sallyport/core'
import { CELL_BYTES, type DeviceBinding, type DriftRule, type Rotation } from '@sallyport/core/store'
import { describe, expect, test } from 'vitest'
import {
  bindingOf,
  DEVICE,
  GRACE,
  isRevoked,
  newSubject,
  ofKind,
  opened,
  opening,
  rotation,
  ruleOf,
  SECOND,
  START,
  sentKey,
} from './fixtures.ts'
import type { Here } from './store.contract.ts'

/** A device of five traits; one of zero was not sent. */
function deviceOf(traits: readonly number[], secret = 'current'): DeviceBinding {
  const { cells, version } = bindingOf(traits, 120, secret)
  for (const [index, trait] of traits.entries())
    if (trait === 0) cells.fill(0, index * CELL_BYTES, (index + 1) * CELL_BYTES)
  return { cells, version }
}

const WHOLE = deviceOf([1, 1, 1, 1, 1])
const FIRST = 1
const COUNTED = 2 | 4 | 8 | 16

/** What follows from changes of a device, and what is never compared. */
export function driftContract(here: Here): void {
  const begun = (binding = WHOLE): Promise<Session> =>
    opened(here().store, opening(newSubject(), { binding }))
  const present = (session: Session, more: Partial<Rotation>) =>
    here().store.sessions.rotate(rotation(session, { driftRule: ruleOf({}), ...more }))
  const from = (...traits: number[]) => ({ bindings: [deviceOf(traits)] })

  describe('what follows', () => {
    const LIMITS = { counted: COUNTED, stepUpAt: 2, endAt: 3 }
    const rules: readonly {
      readonly what: string
      readonly rule: Partial<DriftRule>
      readonly traits: number[]
      readonly kind: 'rotated' | 'challenged' | 'mismatched'
    }[] = [
      { what: 'nothing, by a rule that says nothing', rule: {}, traits: [9, 9, 9, 9, 9], kind: 'rotated' },
      {
        what: 'nothing, where nothing changed',
        rule: { enforced: 31, stepUp: 31, ...LIMITS },
        traits: [1, 1, 1, 1, 1],
        kind: 'rotated',
      },
      {
        what: 'the end, from an enforced change',
        rule: { enforced: FIRST },
        traits: [9, 1, 1, 1, 1],
        kind: 'mismatched',
      },
      {
        what: 'a step-up, from a change that asks for it',
        rule: { stepUp: FIRST },
        traits: [9, 1, 1, 1, 1],
        kind: 'challenged',
      },
      {
        what: 'the end, where both would apply',
        rule: { enforced: FIRST, stepUp: 2 },
        traits: [9, 9, 1, 1, 1],
        kind: 'mismatched',
      },
      {
        what: 'nothing, from changes below the limits',
        rule: LIMITS,
        traits: [1, 9, 1, 1, 1],
        kind: 'rotated',
      },
      { what: 'a step-up, at its limit', rule: LIMITS, traits: [1, 9, 1, 9, 1], kind: 'challenged' },
      { what: 'the end, at its limit', rule: LIMITS, traits: [1, 9, 9, 9, 1], kind: 'mismatched' },
      { what: 'the end, beyond its limit', rule: LIMITS, traits: [1, 9, 9, 9, 9], kind: 'mismatched' },
      {
        what: 'nothing, from changes that are not counted',
        rule: { ...LIMITS, counted: 2 },
        traits: [9, 9, 9, 9, 9],
        kind: 'rotated',
      },
      {
        what: 'nothing, from any number without a limit',
        rule: { counted: COUNTED },
        traits: [1, 9, 9, 9, 9],
        kind: 'rotated',
      },
      {
        what: 'a step-up, where its limit is the only one',
        rule: { counted: COUNTED, stepUpAt: 4 },
        traits: [1, 9, 9, 9, 9],
        kind: 'challenged',
      },
      {
        what: 'no step-up, from one change fewer',
        rule: { counted: COUNTED, stepUpAt: 4 },
        traits: [1, 9, 9, 9, 1],
        kind: 'rotated',
      },
    ]
    test.each(rules)('$what', async ({ rule, traits, kind }) => {
      const subject = newSubject()
      const session = await opened(here().store, opening(subject, { binding: WHOLE }))
      const drift = traits.reduce((bits, trait, index) => (trait === 1 ? bits : bits | (1 << index)), 0)
      const driftRule = ruleOf(rule)
      expect(await present(session, { driftRule, ...from(...traits) })).toMatchObject({ kind, drift })
      expect(await isRevoked(here().store, session.id, subject.tag)).toBe(kind === 'mismatched')
    })

    test('from a version that fell', async () => {
      const older = { bindings: [{ ...WHOLE, version: 119 }] }
      const asked = await present(await begun(), { driftRule: ruleOf({ stepUp: 1 << 15 }), ...older })
      expect(asked).toMatchObject({ kind: 'challenged', drift: 1 << 15 })
    })
  })

  describe('a challenge', () => {
    const ASKING = { driftRule: ruleOf({ stepUp: FIRST }) }
    const OTHER = from(9, 1, 1, 1, 1)

    test('changes nothing: the token is good, from the device that it is bound to', async () => {
      const session = await begun()
      for (const at of [START + SECOND, START + 2 * SECOND]) {
        const outcome = await present(session, {
          ...ASKING,
          ...OTHER,
          at,
          key: sentKey('of the challenged'),
          ip: '192.0.2.9',
        })
        expect(outcome).toEqual({ kind: 'challenged', session, drift: FIRST })
      }
      const { session: next } = ofKind(await present(session, { ...ASKING, bindings: [WHOLE] }), 'rotated')
      expect(next).toMatchObject({ generation: 2, rotatedAt: START + SECOND })
      // Had the key made the session a keyed one, there would be no grace.
      expect(await present(session, { ...ASKING, bindings: [WHOLE] })).toMatchObject({ kind: 'converged' })
    })

    test('is not counted by the limits of refreshes', async () => {
      const session = await begun()
      const refreshLimit = { count: 1, windowMs: 60 * SECOND }
      for (let time = 0; time < 3; time++)
        expect(await present(session, { ...ASKING, ...OTHER, refreshLimit })).toMatchObject({
          kind: 'challenged',
        })
      expect(await present(session, { ...ASKING, bindings: [WHOLE], refreshLimit })).toMatchObject({
        kind: 'rotated',
      })
    })

    test.each([
      { when: 'within the grace', at: START + GRACE, key: undefined },
      { when: 'where it would be contested', at: START + 3 * GRACE, key: undefined },
      { when: 'with the key of the attempt', at: START + 3 * GRACE, key: sentKey('the same') },
    ])('comes for the previous token, too, $when', async ({ at, key }) => {
      const session = await begun()
      await present(session, { bindings: [WHOLE], key })
      const again = { generation: 1, at, key }
      expect(await present(session, { ...again, ...ASKING, ...OTHER })).toMatchObject({
        kind: 'challenged',
        session: { generation: 2 },
      })
      expect(await present(session, { generation: 2, at, bindings: [WHOLE] })).toMatchObject({
        kind: 'rotated',
      })
    })

    test('comes for a token that is ahead of a store that lost writes', async () => {
      const session = await begun()
      expect(await present(session, { generation: 5, ...ASKING, ...OTHER })).toMatchObject({
        kind: 'challenged',
      })
      expect(await present(session, { generation: 5, ...ASKING, graceMs: 0, ...OTHER })).toMatchObject({
        kind: 'reused',
        rolledBack: true,
      })
    })

    test('hides no theft: a replaced token ends the session', async () => {
      const subject = newSubject()
      const session = await opened(here().store, opening(subject, { binding: WHOLE }))
      for (const generation of [1, 2]) await present(session, { generation, bindings: [WHOLE] })
      expect(await present(session, { generation: 1, ...ASKING, ...OTHER })).toMatchObject({ kind: 'reused' })
      expect(await isRevoked(here().store, session.id, subject.tag)).toBe(true)
    })

    test('comes after the client: another one learns nothing of the device', async () => {
      const session = await begun()
      expect(await present(session, { ...ASKING, ...OTHER, client: 'other' })).toEqual({
        kind: 'wrong_client',
      })
    })
  })

  describe('what one side did not send', () => {
    const ALL = { driftRule: ruleOf({ enforced: 31 }) }

    test.each([
      { what: 'zeros at sign-in', binding: deviceOf([1, 1, 0, 0, 1]), later: [1, 1, 7, 7, 1] },
      { what: 'zeros at a refresh', binding: WHOLE, later: [1, 1, 0, 0, 1] },
      { what: 'cells beyond the end at sign-in', binding: DEVICE, later: [1, 1, 1, 7, 7] },
      { what: 'cells beyond the end at a refresh', binding: WHOLE, later: [1, 1, 1] },
      { what: 'nothing at all at sign-in', binding: deviceOf([]), later: [7, 7, 7, 7, 7] },
      { what: 'nothing at all at a refresh', binding: WHOLE, later: [] },
    ])('is never compared: $what', async ({ binding, later }) => {
      const session = await begun(binding)
      expect(await present(session, { ...ALL, ...from(...later) })).toMatchObject({
        kind: 'rotated',
        drift: 0,
      })
    })

    test('at sign-in is not learnt later', async () => {
      const session = await begun(deviceOf([1, 1, 1, 0]))
      for (const [index, trait] of [7, 8, 9].entries())
        expect(
          await present(session, { generation: index + 1, ...ALL, ...from(1, 1, 1, trait, trait) }),
        ).toMatchObject({
          kind: 'rotated',
          drift: 0,
        })
    })

    test('at a refresh is not forgotten', async () => {
      const session = await begun()
      for (const [index, traits] of [[1, 1, 1], [1, 1, 1, 0, 1], [], [1]].entries())
        await present(session, { generation: index + 1, ...ALL, ...from(...traits) })
      expect(await present(session, { generation: 5, ...from(1, 1, 1, 9, 9) })).toMatchObject({
        drift: 8 | 16,
      })
    })

    test('at a refresh is not forgotten when the secret changes, each cell in its own time', async () => {
      const session = await begun(deviceOf([1, 1, 1, 1, 1], 'first'))
      const under = (secrets: readonly string[], ...traits: number[]) => ({
        ...ALL,
        bindings: secrets.map((secret) => deviceOf(traits, secret)),
      })
      const steps = [
        under(['second', 'first'], 1, 1, 1),
        under(['second', 'first'], 1, 1, 1, 1, 1),
        under(['second'], 1, 1, 1, 1, 1),
      ]
      for (const [index, step] of steps.entries())
        expect(await present(session, { generation: index + 1, ...step })).toMatchObject({
          kind: 'rotated',
          drift: 0,
        })
    })
  })

  test('a drift does not keep the rest from being bound under the current secret', async () => {
    const session = await begun(deviceOf([1, 1, 1, 1, 1], 'first'))
    const both = ['second', 'first'].map((secret) => deviceOf([1, 1, 1, 9, 1], secret))
    expect(await present(session, { bindings: both })).toMatchObject({ kind: 'rotated', drift: 8 })
    const bindings = [deviceOf([1, 1, 1, 9, 1], 'second')]
    expect(await present(session, { generation: 2, bindings })).toMatchObject({ kind: 'rotated', drift: 8 })
  })

  test('a converged answer tells of a drift, too', async () => {
    const session = await begun()
    await present(session, { bindings: [WHOLE] })
    expect(await present(session, from(1, 1, 1, 1, 9))).toMatchObject({ kind: 'converged', drift: 16 })
    expect(await present(session, { bindings: [WHOLE] })).toMatchObject({ kind: 'converged', drift: 0 })
  })
}
