import { createHash } from 'node:crypto'
import {
  decodeRevocation,
  encodeRevocation,
  isSessionId,
  type Revocation,
  SESSION_ID_BYTES,
  type SessionId,
  type SubjectRevocation,
} from '@sallyport/core/store'
import { Unreadable } from './unreadable.ts'

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

/** What the strings of revocations begin with that are not kept as bytes. */
const TEXT = /^[sjku]:/

/** Reads what {@link encodeMember} or a script wrote; `undefined` for anything else. */
export function decodeMember(member: Buffer): Revocation | undefined {
  if (member[0] === GENERATION_MARK) {
    const generationAt = member.length - GENERATION_BYTES
    if (generationAt !== 1 + SESSION_ID_BYTES) return undefined
    const session = member.toString('base64url', 1, generationAt) as SessionId
    return { kind: 'generation', session, generation: member.readUInt32BE(generationAt) }
  }
  if (member[0] !== SESSION_MARK) return decodeText(member.toString())
  if (member.length !== 1 + SESSION_ID_BYTES) return undefined
  return { kind: 'session', session: member.subarray(1).toString('base64url') }
}

function decodeText(text: string): Revocation | undefined {
  if (!TEXT.test(text)) return undefined
  const revocation = decodeRevocation(text)
  const isDamaged = revocation.kind === 'subject' && !Number.isSafeInteger(revocation.notBefore)
  return isDamaged ? undefined : revocation
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
  const [, notBefore, except = ''] = /^(\d{1,15})(?::(.*))?$/.exec(mark) ?? []
  if (notBefore === undefined) throw new Unreadable('the mark of a subject')
  return { notBefore: Number(notBefore), ...(except === '' ? {} : { except: except as SessionId }) }
}
