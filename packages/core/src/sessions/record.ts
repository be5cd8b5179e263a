import type { Session } from '../ports/session.ts'
import type { Opening } from '../ports/steps/opening.ts'
import type { Rotation } from '../ports/steps/rotating.ts'
import type { RotationState, RotationVerdict } from './rotate.ts'

/** A session with all that decides about its refresh tokens, as a store keeps it. */
export type SessionRecord = Session & RotationState

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

/**
 * The record of a session as it is opened.
 *
 * @param madeAt milliseconds since the epoch: after everything that has ended
 */
export function firstRecord(
  { grant, id, keyed, binding, ip }: Pick<Opening, 'grant' | 'id' | 'keyed' | 'binding' | 'ip'>,
  madeAt: number,
): SessionRecord {
  return {
    ...grant,
    ...{ id, generation: 1, base: 0, keyed, confirmed: false, converged: 0 },
    ...{ createdAt: madeAt, rotatedAt: madeAt, binding },
    ...(ip === undefined ? {} : { ip }),
  }
}

/** The record of a session that goes on, as `judgeRotation` says. */
export function nextRecord(
  record: SessionRecord,
  rotation: Rotation,
  { generation, base, keyed, binding }: Extract<RotationVerdict, { kind: 'rotate' | 'contest' }>,
): SessionRecord {
  const { ip, key, at: rotatedAt } = rotation
  // A copy of all properties takes a third of the time of one that leaves some out.
  if (ip !== undefined)
    return { ...record, generation, base, keyed, binding, key, confirmed: false, converged: 0, rotatedAt, ip }
  const { ip: _ip, ...rest } = record
  return { ...rest, generation, base, keyed, binding, key, confirmed: false, converged: 0, rotatedAt }
}

/**
 * The record of a session that is kept while all others of its subject end. After two generations, its last refresh token is
 * no longer the previous one, so it cannot converge. A session whose tokens travel in bodies stays as it is, because the step
 * cannot hand out a new one.
 *
 * @param at milliseconds since the epoch
 */
export function keptRecord(record: SessionRecord, at: number): SessionRecord {
  if (record.transport === 'body') return record
  const { key: _key, ...rest } = record
  const generation = record.generation + 2
  return { ...rest, generation, base: generation - 1, rotatedAt: at, confirmed: false, converged: 0 }
}
