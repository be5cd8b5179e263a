import { type Session, type SessionId, type StoreContext, tagOf, tagOfSession } from '@sallyport/core/store'
import { fixedFlagsOf, unpackSession } from './codec.ts'
import { createMacs } from './macs.ts'
import { Unreadable } from './unreadable.ts'

/** A session as Redis has it. Nothing of it is trusted before the MAC was checked. */
export interface StoredSession {
  readonly id: SessionId
  readonly subject: string
  readonly state: Buffer
  /** The MAC, then what `packGrant` gives. */
  readonly grant: Buffer
}

export interface UnsealedGrant {
  /** What `packGrant` gives. */
  readonly packed: Buffer
  /** Whether it is under the current secret, not an earlier one. */
  readonly isCurrent: boolean
}

/**
 * The MAC of grants. It covers all that was fixed at sign-in: whose session it is, its grant, and of its state the
 * transport and whether it has lifetimes of its own. So whoever can write to Redis can't give a session other rights, nor
 * the rights of another session.
 */
export interface Records {
  /** The grant as it is stored, under the current secret. */
  seal(session: Omit<StoredSession, 'grant'>, packed: Buffer): Buffer
  /** Throws `Unreadable` if the MAC fits under no secret. */
  unseal(stored: StoredSession): UnsealedGrant
  /** Throws `Unreadable` if the MAC fits under no secret, or if a part can't be read. */
  read(stored: StoredSession): Session
  /**
   * The sessions of one subject that can be read. The operator is told of the others once. Throws `Unreadable` if the
   * subject is another one, which concerns them all.
   */
  readEach(stored: readonly StoredSession[]): readonly Session[]
}

/** Tells these MACs from all that might ever be made with the same keys. */
const LABEL = 'sallyport grant 1'
/** A guess can only be tried by a refresh, so 64 bits are enough. */
const MAC_BYTES = 8
const SUBJECT_LENGTH_BYTES = 4
const MOST_BYTES_A_CHARACTER = 3
const USUAL_BYTES = 1024
const SUBJECT = 'the subject of a session'
const SEALED = 'a session (changed by others, or of another secret or issuer)'

/** @param keys the current one first; it seals, and all of them unseal */
export function createRecords(
  keys: StoreContext['integrityKeys'],
  leftOut: (cause: Unreadable) => void,
): Records {
  const macs = createMacs(keys, MAC_BYTES)
  const usual = Buffer.alloc(USUAL_BYTES)

  /** What the MAC is of. Every part but the last has a fixed length, or its length before it. */
  function messageOf({ id, subject, state }: Omit<StoredSession, 'grant'>, packed: Buffer): Buffer {
    const most =
      LABEL.length +
      id.length +
      1 +
      SUBJECT_LENGTH_BYTES +
      MOST_BYTES_A_CHARACTER * subject.length +
      packed.length
    const bytes = most <= USUAL_BYTES ? usual : Buffer.alloc(most)
    let at = bytes.write(LABEL, 'latin1')
    at += bytes.write(id, at, 'latin1')
    at = bytes.writeUInt8(fixedFlagsOf(state), at)
    const subjectBytes = bytes.write(subject, at + SUBJECT_LENGTH_BYTES)
    at = bytes.writeUInt32BE(subjectBytes, at) + subjectBytes
    bytes.set(packed, at)
    return bytes.subarray(0, at + packed.length)
  }

  function unseal(stored: StoredSession): UnsealedGrant {
    const { id, subject, grant } = stored
    if (grant.length > MAC_BYTES) {
      const packed = grant.subarray(MAC_BYTES)
      const under = macs.under(messageOf(stored, packed), grant.subarray(0, MAC_BYTES))
      if (under !== 'none') return { packed, isCurrent: under === 'current' }
    }
    // The MAC covers the subject, too. This only tells the operator what is wrong.
    throw new Unreadable(tagOf(subject) === tagOfSession(id) ? SEALED : SUBJECT)
  }

  function read(stored: StoredSession): Session {
    return unpackSession(stored.id, stored.subject, stored.state, unseal(stored).packed)
  }

  return {
    seal(session, packed) {
      return Buffer.concat([macs.of(messageOf(session, packed)), packed])
    },
    unseal,
    read,
    readEach(stored) {
      const sessions: Session[] = []
      for (const one of stored) {
        try {
          sessions.push(read(one))
        } catch (cause) {
          if (!(cause instanceof Unreadable) || tagOf(one.subject) !== tagOfSession(one.id)) throw cause
          leftOut(cause)
        }
      }
      return sessions
    },
  }
}
