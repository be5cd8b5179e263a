import { hash } from 'node:crypto'
import {
  decodeRevocation,
  encodeRevocation,
  type FeedNews,
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
const SESSION_MEMBER_BYTES = 1 + SESSION_ID_BYTES
/** Behind the tag of the subject. */
const RANDOM_PART_AT = 13

/**
 * A revocation as a member of the feed. Session ids of our own format are stored as bytes, since most members are
 * such.
 */
export function encodeMember(revocation: Revocation): Buffer {
  if (revocation.kind === 'generation') {
    const member = marked(GENERATION_MARK, revocation.session, GENERATION_BYTES)
    member.writeUInt32BE(revocation.generation, SESSION_MEMBER_BYTES)
    return member
  }
  if (revocation.kind !== 'session' || !isSessionId(revocation.session))
    return Buffer.from(encodeRevocation(revocation))
  return marked(SESSION_MARK, revocation.session, 0)
}

/** A session id as bytes, with a mark before it and room behind it. */
function marked(mark: number, session: SessionId, room: number): Buffer {
  const member = Buffer.allocUnsafe(SESSION_MEMBER_BYTES + room)
  member[0] = mark
  member.write(session, 1, 'base64url')
  return member
}

/** What the strings of revocations begin with that are not kept as bytes. */
const TEXT = /^[sjkua]:/

/** Reads what {@link encodeMember} or a script wrote; `undefined` for anything else. */
export function decodeMember(member: Buffer): Revocation | undefined {
  if (member[0] === GENERATION_MARK) {
    const generationAt = member.length - GENERATION_BYTES
    if (generationAt !== 1 + SESSION_ID_BYTES) return undefined
    const session = member.toString('base64url', 1, generationAt) as SessionId
    return { kind: 'generation', session, generation: member.readUInt32BE(generationAt) }
  }
  if (member[0] !== SESSION_MARK) return decodeText(member.toString())
  if (member.length !== SESSION_MEMBER_BYTES) return undefined
  return { kind: 'session', session: member.toString('base64url', 1) }
}

function decodeText(text: string): Revocation | undefined {
  if (!TEXT.test(text)) return undefined
  const revocation = decodeRevocation(text)
  const isDamaged =
    (revocation.kind === 'subject' && !Number.isSafeInteger(revocation.notBefore)) ||
    (revocation.kind === 'all' && !Number.isSafeInteger(revocation.until))
  return isDamaged ? undefined : revocation
}

/** What a member adds to the digest of its feed; the same as `fold` in `shared/feed.lua`. */
function digestOfMember(member: Buffer): bigint {
  if (member[0] === SESSION_MARK && member.length === SESSION_MEMBER_BYTES)
    return member.readBigUInt64BE(RANDOM_PART_AT)
  return hash('sha1', member, 'buffer').readBigUInt64BE(0)
}

/** What the members add to it together. */
export function digestOfMembers(members: readonly Buffer[]): bigint {
  let digest = 0n
  for (const member of members) digest ^= digestOfMember(member)
  return digest
}

/** Reads the 64 bits of a digest, as the scripts write them. */
export function readDigest(text: string): bigint {
  if (!DIGEST.test(text)) throw new Unreadable('the mark of a shard')
  return BigInt(`0x${text}`)
}

const DIGEST = /^[0-9a-f]{16}$/
const DIGEST_CHARS = 16
const POSITION_BYTES = 6
/** As in `shared/feed.lua`. */
const MAX_ANNOUNCED = 64
const MAX_ANNOUNCEMENT_BYTES = 65_536
const ANNOUNCEMENT = 'R'.charCodeAt(0)

/** Reads `announcement` of `shared/feed.lua`; `undefined` for anything else, since anybody may publish. */
export function readAnnouncement(message: Buffer): FeedNews | undefined {
  try {
    if (message[0] !== ANNOUNCEMENT || message.length > MAX_ANNOUNCEMENT_BYTES) return undefined
    const epochEnd = 3 + message.readUInt8(2)
    const digestEnd = epochEnd + DIGEST_CHARS
    const members: Buffer[] = []
    for (let at = digestEnd + POSITION_BYTES; at < message.length; ) {
      const end = at + 2 + message.readUInt16BE(at)
      if (end > message.length) return undefined
      if (members.length === MAX_ANNOUNCED) return undefined
      members.push(message.subarray(at + 2, end))
      at = end
    }
    return {
      kind: 'revoked',
      shard: message.readUInt8(1),
      mark: {
        epoch: message.toString('latin1', 3, epochEnd),
        digest: readDigest(message.toString('latin1', epochEnd, digestEnd)),
        position: message.readUIntBE(digestEnd, POSITION_BYTES),
      },
      revocations: members.map(decodeMember).filter((one) => one !== undefined),
      digest: digestOfMembers(members),
    }
  } catch {
    return undefined
  }
}

/** Reads what a revocation leaves in the hash of its subject, for checks that ask the store. */
export function readMark(mark: string): Pick<SubjectRevocation, 'notBefore' | 'except'> {
  const [, notBefore, except = ''] = /^(\d{1,15})(?::(.*))?$/.exec(mark) ?? []
  if (notBefore === undefined) throw new Unreadable('the mark of a subject')
  return { notBefore: Number(notBefore), ...(except === '' ? {} : { except: except as SessionId }) }
}
