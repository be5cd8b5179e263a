import { createHash } from 'node:crypto'
import {
  decodeRevocation,
  encodeRevocation,
  isSessionId,
  type Revocation,
  type SessionId,
  type SubjectRevocation,
} from '@sallyport/core/store'

const SESSION_MARK = 'S'.charCodeAt(0)
const GENERATION_MARK = 'G'.charCodeAt(0)
const GENERATION_BYTES = 4

/**
 * A revocation as a member of the feed. Session ids of our own format are stored as bytes, since most members are
 * such.
 */
export function encodeMember(revocation: Revocation): Buffer {
  if (revocation.kind === 'generation') {
    const generation = Buffer.alloc(GENERATION_BYTES)
    generation.writeUInt32BE(revocation.generation)
    const session = Buffer.from(revocation.session, 'base64url')
    return Buffer.concat([Buffer.of(GENERATION_MARK), session, generation])
  }
  if (revocation.kind !== 'session' || !isSessionId(revocation.session))
    return Buffer.from(encodeRevocation(revocation))
  return Buffer.concat([Buffer.of(SESSION_MARK), Buffer.from(revocation.session, 'base64url')])
}

/** Reads what {@link encodeMember} or a script wrote. */
export function decodeMember(member: Buffer): Revocation {
  if (member[0] === GENERATION_MARK) {
    const generationAt = member.length - GENERATION_BYTES
    const session = member.toString('base64url', 1, generationAt) as SessionId
    return { kind: 'generation', session, generation: member.readUInt32BE(generationAt) }
  }
  if (member[0] !== SESSION_MARK) return decodeRevocation(member.toString())
  return { kind: 'session', session: member.subarray(1).toString('base64url') }
}

/** What a member adds to the digest of its feed; the same as `fold` in `prelude.lua`. */
export function digestOfMember(member: Buffer): bigint {
  return createHash('sha1').update(member).digest().readBigUInt64BE(0)
}

/** What a revocation leaves in the hash of its subject, for checks that ask the store. */
export function notBeforeMark({ notBefore, except }: SubjectRevocation): string {
  return `${notBefore}:${except ?? ''}`
}

/** Reads {@link notBeforeMark}. */
export function readMark(mark: string): Pick<SubjectRevocation, 'notBefore' | 'except'> {
  const [notBefore, except = ''] = mark.split(':')
  return { notBefore: Number(notBefore), ...(except === '' ? {} : { except: except as SessionId }) }
}
