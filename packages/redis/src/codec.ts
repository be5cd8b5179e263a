import { createHash } from 'node:crypto'
import { isIPv4 } from 'node:net'
import {
  decodeRevocation,
  encodeRevocation,
  type Grant,
  isSessionId,
  type Revocation,
  type Rotation,
  type RotationOutcome,
  randomPart,
  SESSION_ID_BYTES,
  type Session,
  type SessionId,
  type SubjectRevocation,
  type SubjectTag,
} from '@sallyport/core/store'
import ipaddr from 'ipaddr.js'

/**
 * The packed forms of a session. The scripts read and write the moving part by the same layout
 * (`prelude.lua`); the lasting part is only ever read here, but for the client at its beginning.
 */
const FIXED_BYTES = 22
const FLAGS = { confirmed: 1, body: 2 } as const
const SEPARATOR = '\0'
/** A list that is there, though it may be empty. */
const LIST = '\x1e'
const LIST_SEPARATOR = '\x1f'

/** The moving part of a session that begins; the script fills in its instants. */
export function packNewSession(
  grant: Grant,
  binding: { readonly cells: Uint8Array; readonly version: number },
  ip: string | undefined,
): Buffer {
  const head = Buffer.alloc(FIXED_BYTES)
  head[0] = grant.transport === 'body' ? FLAGS.body : 0
  head.writeUInt32BE(1, 1)
  head.writeUInt16BE(binding.version, 19)
  head[21] = binding.cells.length
  return Buffer.concat([head, binding.cells, packIp(ip)])
}

/** The lasting part: what was agreed at sign-in, without the subject, which its hash has once. */
export function packGrant(grant: Grant): Buffer {
  const { client, scope, authenticatedAt, acr = '', amr, device } = grant
  const methods = amr === undefined ? '' : LIST + amr.join(LIST_SEPARATOR)
  return Buffer.from([client, scope, authenticatedAt.toString(36), acr, methods, device].join(SEPARATOR))
}

/** Puts a session together from its two parts. */
export function unpackSession(id: SessionId, subject: string, packed: Buffer, lasting: Buffer): Session {
  const [client = '', scope = '', authenticated = '', acr = '', amr = '', device = ''] = lasting
    .toString()
    .split(SEPARATOR)
  const ip = unpackIp(packed.subarray(FIXED_BYTES + packed.readUInt8(21)))
  const session: Writable<Session> = {
    id,
    subject,
    client,
    scope,
    transport: (packed.readUInt8(0) & FLAGS.body) === 0 ? 'cookie' : 'body',
    authenticatedAt: Number.parseInt(authenticated, 36),
    device,
    generation: packed.readUInt32BE(1),
    rotatedAt: packed.readUIntBE(5, 6),
    createdAt: packed.readUIntBE(11, 6),
  }
  if (acr !== '') session.acr = acr
  if (amr !== '') session.amr = amr === LIST ? [] : amr.slice(LIST.length).split(LIST_SEPARATOR)
  if (ip !== '') session.ip = ip
  return session
}

type Writable<T> = { -readonly [Name in keyof T]: T[Name] }

const STEP_BYTES = 69
const BINDING_BYTES = 3

/** What a rotation is judged by, but for the client: one argument, since each costs the client its share. */
export function packRotation(rotation: Rotation): Buffer {
  const { id, generation, transport, enforced, graceMs, recoverLost, lifetimes, refreshLimit, bindings } =
    rotation
  const address = packIp(rotation.ip)
  const bindingBytes = bindings.reduce((sum, { cells }) => sum + BINDING_BYTES + cells.length, 0)
  const step = Buffer.allocUnsafe(STEP_BYTES + address.length + bindingBytes)
  step.write(id, 'base64url')
  let at = step.writeUInt32BE(generation, SESSION_ID_BYTES)
  at = step.writeUInt8(transport === 'body' ? 1 : 0, at)
  at = step.writeUInt16BE(enforced, at)
  at = step.writeUIntBE(graceMs, at, 6)
  at = step.writeUInt8(recoverLost ? 1 : 0, at)
  at = step.writeUIntBE(lifetimes.idleMs, at, 6)
  at = step.writeUIntBE(lifetimes.absoluteMs, at, 6)
  at = step.writeUInt32BE(refreshLimit.count, at)
  at = step.writeUIntBE(refreshLimit.windowMs, at, 6)
  at = step.writeUInt32BE(rotation.convergedLimit, at)
  at = step.writeUInt8(address.length, at)
  step.set(address, at)
  at += address.length
  for (const { cells, version } of bindings) {
    at = step.writeUInt16BE(version, at)
    at = step.writeUInt8(cells.length, at)
    step.set(cells, at)
    at += cells.length
  }
  return step
}

const OUTCOME_AT = 13

/** Reads what `rotate.lua` returns. */
export function unpackRotation(id: SessionId, reply: Buffer): RotationOutcome {
  const letter = reply.toString('latin1', 0, 1)
  switch (letter) {
    case 'L':
      return { kind: 'limited', retryAfterMs: reply.readUIntBE(1, 6) }
    case 'F':
      return { kind: 'wrong_client' }
    case 'E':
      return { kind: 'expired' }
    case 'X':
      return { kind: 'unknown' }
  }
  const issueFrom = reply.readUIntBE(1, 6)
  const drift = reply.readUInt16BE(7)
  const rolledBack = reply.readUInt8(9) === 1
  const subjectAt = OUTCOME_AT + reply.readUInt8(10)
  const lastingAt = subjectAt + reply.readUInt16BE(11)
  const subject = reply.toString('utf8', subjectAt, lastingAt)
  const packed = reply.subarray(OUTCOME_AT, subjectAt)
  const session = unpackSession(id, subject, packed, reply.subarray(lastingAt))
  switch (letter) {
    case 'R':
      return { kind: 'rotated', session, issueFrom, drift, rolledBack }
    case 'C':
      return { kind: 'converged', session, issueFrom }
    case 'U':
      return { kind: 'reused', session, rolledBack }
    case 'M':
      return { kind: 'mismatched', session, drift }
    default:
      throw new Error('rotate.lua gave an outcome that is not known')
  }
}

/** An address as 0, 4 or 16 bytes. */
function packIp(ip: string | undefined): Buffer {
  if (ip === undefined) return NO_ADDRESS
  if (!isIPv4(ip)) return Buffer.from(ipaddr.parse(ip).toByteArray())
  // The canonical spelling of four bytes are the bytes.
  const bytes = Buffer.allocUnsafe(IPV4_BYTES)
  let at = 0
  for (const byte of ip.split('.')) at = bytes.writeUInt8(Number(byte), at)
  return bytes
}

function unpackIp(bytes: Buffer): string {
  return bytes.length <= IPV4_BYTES ? bytes.join('.') : ipaddr.fromByteArray([...bytes]).toString()
}

const NO_ADDRESS = Buffer.alloc(0)
const IPV4_BYTES = 4

/** A tag, as bytes. */
export function tagBytes(tag: SubjectTag): Buffer {
  return Buffer.from(tag, 'base64url')
}

/** What of a session's id is its own, as bytes: the name of its field. */
export function ownBytes(id: SessionId): Buffer {
  return Buffer.from(randomPart(id), 'base64url')
}

const SESSION_MARK = 'S'.charCodeAt(0)

/** How a revocation stands on the feed: ids of ours as bytes, since there are the most of them. */
export function encodeMember(revocation: Revocation): Buffer {
  if (revocation.kind !== 'session' || !isSessionId(revocation.session))
    return Buffer.from(encodeRevocation(revocation))
  return Buffer.concat([Buffer.of(SESSION_MARK), Buffer.from(revocation.session, 'base64url')])
}

/** Reads what {@link encodeMember} or a script wrote. */
export function decodeMember(member: Buffer): Revocation {
  if (member[0] !== SESSION_MARK) return decodeRevocation(member.toString())
  return { kind: 'session', session: member.subarray(1).toString('base64url') }
}

/** A member's part in its feed's digest, as `fold` in `prelude.lua` computes it. */
export function digestOfMember(member: Buffer): bigint {
  return createHash('sha1').update(member).digest().readBigUInt64BE(0)
}

/** The mark that a revocation leaves with its subject, for whoever asks the store itself. */
export function notBeforeMark({ notBefore, except }: SubjectRevocation): string {
  return `${notBefore}:${except ?? ''}`
}

/** Reads {@link notBeforeMark}. */
export function readMark(mark: string): Pick<SubjectRevocation, 'notBefore' | 'except'> {
  const [notBefore, except = ''] = mark.split(':')
  return { notBefore: Number(notBefore), ...(except === '' ? {} : { except: except as SessionId }) }
}
