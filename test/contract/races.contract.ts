import type { Session } from '@sallyport/core'
import type { RotationOutcome } from '@sallyport/core/store'
import { expect, test } from 'vitest'
import {
  DEVICE,
  isRevoked,
  LIFETIMES,
  newSubject,
  ofKind,
  opened,
  opening,
  rotation,
  SECOND,
  START,
  STRICT,
  type Subject,
} from './fixtures.ts'
import type { Here } from './store.contract.ts'

const RACERS = 50
const racers: readonly number[] = Array.from({ length: RACERS }, (_, index) => index)

/** What two processes that act at once may not break. */
export function racesContract(here: Here): void {
  const either = (racer: number) => (racer % 2 === 0 ? here().store : here().other)
  const race = <T>(run: (racer: number) => Promise<T>): Promise<T[]> => Promise.all(racers.map(run))
  const kindsOf = (outcomes: readonly RotationOutcome[], kind: string) =>
    outcomes.filter((outcome) => outcome.kind === kind)
  async function begun(): Promise<{ subject: Subject; session: Session }> {
    const subject = newSubject()
    return { subject, session: await opened(here().store, opening(subject)) }
  }

  test('of many that present one token at once, one rotates, and the others converge on the same session', async () => {
    const { session } = await begun()
    for (let generation = 1; generation <= 5; generation++) {
      const outcomes = await race((racer) => either(racer).sessions.rotate(rotation(session, { generation })))
      expect(kindsOf(outcomes, 'rotated')).toHaveLength(1)
      expect(kindsOf(outcomes, 'converged')).toHaveLength(RACERS - 1)
      const next = { ...session, generation: generation + 1, rotatedAt: START + SECOND }
      for (const outcome of outcomes) expect(outcome).toMatchObject({ session: next })
    }
  })

  test('in the strict mode one rotates, the second is theft, and the session is gone for all', async () => {
    const { subject, session } = await begun()
    const outcomes = await race((racer) => either(racer).sessions.rotate(rotation(session, STRICT)))
    expect(kindsOf(outcomes, 'rotated')).toHaveLength(1)
    expect(kindsOf(outcomes, 'reused')).toHaveLength(1)
    expect(kindsOf(outcomes, 'unknown')).toHaveLength(RACERS - 2)
    expect(await isRevoked(here().store, session.id, subject.tag)).toBe(true)
  })

  test('refreshes in flight revive no session that is being ended', async () => {
    const { subject, session } = await begun()
    const ending = { id: session.id, at: START, evenIfAbsent: false }
    const [, ended] = await Promise.all([
      race((racer) => either(racer).sessions.rotate(rotation(session))),
      here().store.sessions.end(ending),
      race((racer) => either(racer).sessions.rotate(rotation(session))),
    ])
    expect(ended).toEqual({ kind: 'ended', subject: session.subject })
    expect(await here().store.sessions.rotate(rotation(session, { generation: 2 }))).toEqual({
      kind: 'unknown',
    })
    expect(await isRevoked(here().other, session.id, subject.tag)).toBe(true)
  })

  test('of many that end one session at once, one did', async () => {
    const { session } = await begun()
    const ending = { id: session.id, at: START, evenIfAbsent: true }
    const outcomes = await race((racer) => either(racer).sessions.end(ending))
    expect(outcomes.filter((outcome) => outcome.kind === 'ended')).toHaveLength(1)
  })

  test('many sign-ins at once never leave more sessions than the limit', async () => {
    const subject = newSubject()
    const outcomes = await race((racer) =>
      either(racer).sessions.open(opening(subject, { at: START + racer, sessionLimit: 3 })),
    )
    const ended = outcomes.flatMap((outcome) => ofKind(outcome, 'opened').ended)
    expect(new Set(ended).size).toBe(RACERS - 3)
    expect(ended).toHaveLength(RACERS - 3)
    const asked = { tag: subject.tag, at: START + RACERS, lifetimes: LIFETIMES }
    expect(ofKind(await here().store.sessions.list(asked), 'listed').sessions).toHaveLength(3)
  })

  test('many refreshes of one subject at once never exceed its limit', async () => {
    const subject = newSubject()
    const sessions = await race(() => opened(here().store, opening(subject)))
    const refreshLimit = { count: 7, windowMs: 60 * SECOND }
    const outcomes = await race((racer) =>
      either(racer).sessions.rotate(
        rotation(sessions[racer] as Session, { refreshLimit, bindings: [DEVICE] }),
      ),
    )
    expect(kindsOf(outcomes, 'rotated')).toHaveLength(7)
    expect(kindsOf(outcomes, 'limited')).toHaveLength(RACERS - 7)
  })

  test('one revocation made many times at once stands on the feed once', async () => {
    const revocation = { kind: 'token', jti: 'raced' } as const
    const { revocations } = here().store
    await race((racer) => either(racer).revocations.revoke(revocation, START))
    const pulled = ofKind(await revocations.pull(revocations.shardOf(revocation), 0), 'pulled')
    expect(pulled.revocations).toEqual([revocation])
  })
}
