import type { Session } from '@sallyport/core'
import { type Rotation, VERSION_FELL } from '@sallyport/core/store'
import { expect, test } from 'vitest'
import {
  bindingOf,
  CELL,
  DEVICE,
  isRevoked,
  newSubject,
  ofKind,
  opened,
  opening,
  rotation,
  ruleOf,
  START,
} from './fixtures.ts'
import type { Here } from './store.contract.ts'

const OBSERVED = bindingOf([1, 1, 9])
const OTHER = bindingOf([9, 1, 1])

/** Who may present a token: the session's client and transport, on the session's device. */
export function bindingContract(here: Here): void {
  const begun = (more: Parameters<typeof opening>[1] = {}): Promise<Session> =>
    opened(here().store, opening(newSubject(), more))
  const present = (session: Session, more: Partial<Rotation>) =>
    here().store.sessions.rotate(rotation(session, more))
  const driftOf = async (session: Session, generation: number, more: Partial<Rotation>): Promise<number> =>
    ofKind(await present(session, { generation, ...more }), 'rotated').drift

  test.each([
    { what: "another client's token", more: { client: 'other' } },
    { what: 'a token of the other transport', more: { transport: 'body' } },
    { what: "an older token of another client's", more: { client: 'other', generation: 0 } },
    { what: "another client's token from another device", more: { client: 'other', bindings: [OTHER] } },
  ] as const)('$what changes nothing', async ({ more }) => {
    const session = await begun()
    expect(await present(session, more)).toEqual({ kind: 'wrong_client' })
    expect(await present(session, {})).toMatchObject({ kind: 'rotated', session: { generation: 2 } })
  })

  test.each(['web', 'we', 'web2', ''])('only the very client counts, here against %j', async (client) => {
    const session = await begun({ grant: { client: 'web' } })
    const kind = client === 'web' ? 'rotated' : 'wrong_client'
    expect(await present(session, { client })).toMatchObject({ kind })
  })

  test.each([
    { cell: 'first', traits: [9, 1, 1], drift: CELL.first },
    { cell: 'second', traits: [1, 9, 1], drift: CELL.second },
    { cell: 'third', traits: [1, 1, 9], drift: CELL.third },
    { cell: 'first and third', traits: [9, 1, 9], drift: CELL.first | CELL.third },
  ])('a drift of the $cell is told by its bit, or ends the session where it is enforced', async (given) => {
    const bindings = [bindingOf(given.traits)]
    const observed = await begun()
    expect(
      await driftOf(observed, 1, { bindings, driftRule: ruleOf({ enforced: 0x7fff & ~given.drift }) }),
    ).toBe(given.drift)

    const subject = newSubject()
    const session = await opened(here().store, opening(subject))
    const outcome = await present(session, { bindings, driftRule: ruleOf({ enforced: given.drift }) })
    expect(outcome).toEqual({ kind: 'mismatched', session, drift: given.drift })
    expect(await isRevoked(here().store, session.id, subject.tag)).toBe(true)
    expect(await present(session, {})).toEqual({ kind: 'unknown' })
  })

  test.each([1, 2, 5])(
    'another device is a mismatch whatever generation it presents, as %i',
    async (generation) => {
      const session = await begun()
      await present(session, {})
      await present(session, { generation: 2 })
      expect(await present(session, { generation, bindings: [OTHER] })).toMatchObject({
        kind: 'mismatched',
        session: { generation: 3 },
        drift: CELL.first,
      })
    },
  )

  test('a mismatch tells all that drifted, enforced or not', async () => {
    const bindings = [bindingOf([9, 1, 9], 100)]
    const drift = CELL.first | CELL.third | VERSION_FELL
    expect(await present(await begun(), { bindings })).toMatchObject({ kind: 'mismatched', drift })
  })

  test('a device that drifted is still compared with the one that signed in', async () => {
    const session = await begun()
    expect(await driftOf(session, 1, { bindings: [OBSERVED] })).toBe(CELL.third)
    expect(await driftOf(session, 2, { bindings: [OBSERVED] })).toBe(CELL.third)
    expect(await driftOf(session, 3, { bindings: [DEVICE] })).toBe(0)
  })

  test('a version may rise, and from then on it must not fall below', async () => {
    const session = await begun()
    expect(await driftOf(session, 1, { bindings: [bindingOf([1, 1, 1], 130)] })).toBe(0)
    expect(await driftOf(session, 2, { bindings: [bindingOf([1, 1, 1], 129)] })).toBe(VERSION_FELL)
    const driftRule = ruleOf({ enforced: VERSION_FELL })
    expect(await driftOf(session, 3, { bindings: [bindingOf([1, 1, 1], 130)], driftRule })).toBe(0)
    expect(await present(session, { generation: 4, bindings: [DEVICE], driftRule })).toMatchObject({
      kind: 'mismatched',
      drift: VERSION_FELL,
    })
  })

  test('no version at all is no fall', async () => {
    const session = await begun()
    const driftRule = ruleOf({ enforced: VERSION_FELL })
    expect(await driftOf(session, 1, { bindings: [bindingOf([1, 1, 1], 0)], driftRule })).toBe(0)
    expect(await driftOf(session, 2, { bindings: [bindingOf([1, 1, 1], 119)] })).toBe(VERSION_FELL)
  })

  test('the greatest version is kept', async () => {
    const session = await begun({ binding: bindingOf([1, 1, 1], 65_535) })
    expect(await driftOf(session, 1, { bindings: [bindingOf([1, 1, 1], 65_535)] })).toBe(0)
    expect(await driftOf(session, 2, { bindings: [bindingOf([1, 1, 1], 65_534)] })).toBe(VERSION_FELL)
  })

  test('a device bound under an earlier secret fits, and is bound under the current one from then on', async () => {
    const under = (secret: string) => bindingOf([1, 1, 1], 120, secret)
    const session = await begun({ binding: under('first') })
    const bindings = [under('third'), under('second'), under('first')]
    expect(await driftOf(session, 1, { bindings })).toBe(0)
    expect(await driftOf(session, 2, { bindings: [under('third')] })).toBe(0)
    const drift = CELL.first | CELL.second | CELL.third
    expect(await present(session, { generation: 3, bindings: [under('first')] })).toMatchObject({ drift })
  })

  test('under several secrets the one counts that differs least', async () => {
    const session = await begun({ binding: bindingOf([1, 1, 1], 120, 'earlier') })
    const bindings = [bindingOf([1, 1, 9], 120, 'current'), bindingOf([1, 1, 9], 120, 'earlier')]
    expect(await driftOf(session, 1, { bindings })).toBe(CELL.third)
    const fitting = [bindingOf([1, 1, 1], 120, 'current'), bindingOf([1, 1, 1], 120, 'earlier')]
    expect(await driftOf(session, 2, { bindings: fitting })).toBe(0)
  })

  test('a mismatch changes nothing of another session', async () => {
    const subject = newSubject()
    const [one, two] = await Promise.all([
      opened(here().store, opening(subject)),
      opened(here().store, opening(subject, { at: START + 1 })),
    ])
    await present(one, { bindings: [OTHER] })
    expect(await present(two, {})).toMatchObject({ kind: 'rotated' })
  })
}
