import type { Session } from '../ports/session.ts'
import type { Opening } from '../ports/steps/opening.ts'
import type { Rotation } from '../ports/steps/rotating.ts'
import type { RotationVerdict } from '../sessions/rotate.ts'
import type { SessionRecord, Subject } from './subjects.ts'

/** The part of a record that leaves the store. */
export function portSession({
  binding: _binding,
  base: _base,
  key: _key,
  keyed: _keyed,
  confirmed: _confirmed,
  converged: _converged,
  ...session
}: SessionRecord): Session {
  return session
}

/** The record of a session as it is opened. */
export function firstRecord({ grant, id, keyed, binding, at, known, ip }: Opening): SessionRecord {
  const madeAt = Math.max(at, known.endedUntil + 1)
  return {
    ...grant,
    ...{ id, generation: 1, base: 0, keyed, confirmed: false, converged: 0 },
    ...{ createdAt: madeAt, rotatedAt: madeAt, binding },
    ...(ip === undefined ? {} : { ip }),
  }
}

type GoingOn = Extract<RotationVerdict, { kind: 'rotate' | 'contest' }>

export function goOn(subject: Subject, record: SessionRecord, rotation: Rotation, verdict: GoingOn): Session {
  const { ip: _ip, ...rest } = record
  const { generation, base, keyed, binding, window } = verdict
  const next: SessionRecord = {
    ...rest,
    ...{ generation, base, keyed, binding },
    key: rotation.key,
    confirmed: false,
    converged: 0,
    rotatedAt: rotation.at,
    ...(rotation.ip === undefined ? {} : { ip: rotation.ip }),
  }
  subject.window = window
  subject.sessions.set(record.id, next)
  return portSession(next)
}

/** None of the session's earlier tokens is the one before the current one then. */
export function twoLater({ key: _key, ...record }: SessionRecord, at: number): SessionRecord {
  const generation = record.generation + 2
  return { ...record, generation, base: generation - 1, rotatedAt: at, confirmed: false, converged: 0 }
}
