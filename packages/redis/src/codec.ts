import {
  type DeviceBinding,
  type Grant,
  type Opening,
  RETRY_KEY_BYTES,
  type Rotation,
  type RotationOutcome,
  SESSION_ID_BYTES,
  type Session,
  type SessionId,
} from '@sallyport/core/store'
import { unpackGrant, type Writable } from './grant-codec.ts'
import { packIp, unpackIp } from './ip.ts'
import { Unreadable } from './unreadable.ts'

/**
 * A session is stored in two parts. Its state changes with each refresh, and `shared/records.lua` reads and writes it
 * in the same layout. Its grant was fixed at sign-in and is stored behind its MAC: see `records.ts`. The scripts read
 * nothing of it but the client, which comes first, and lifetimes of its own.
 */
const FIXED_BYTES = 22
const FLAGS = {
  confirmed: 1,
  body: 2,
  ownLifetimes: 4,
  keyed: 8,
  retryKey: 16,
  sentKey: 32,
  skipped: 64,
  boundKey: 128,
} as const
/** Behind the address: how many generations the current one is after its base, unless it is the next one. */
const SKIPPED_BYTES = 2

/** The flags that are fixed at sign-in. */
export function fixedFlagsOf(state: Buffer): number {
  return (state[0] ?? 0) & (FLAGS.body | FLAGS.ownLifetimes)
}

/** The state of a new session. The script fills in the times. */
export function packNewState(
  grant: Grant,
  { binding, ip, keyed }: Pick<Opening, 'binding' | 'ip' | 'keyed'>,
): Buffer {
  const head = Buffer.alloc(FIXED_BYTES)
  head[0] =
    (grant.transport === 'body' ? FLAGS.body : 0) |
    (grant.lifetimes === undefined ? 0 : FLAGS.ownLifetimes) |
    (keyed ? FLAGS.keyed : 0)
  head.writeUInt32BE(1, 1)
  head.writeUInt16BE(binding.version, 19)
  head[21] = binding.cells.length
  return Buffer.concat([head, binding.cells, packIp(ip)])
}

/** Puts a session together from its state and its grant. */
export function unpackSession(id: SessionId, subject: string, state: Buffer, grant: Buffer): Session {
  if (state.length < FIXED_BYTES || lineAt(state) < FIXED_BYTES + state.readUInt8(21))
    throw new Unreadable('the state of a session')
  const ip = unpackIp(state.subarray(FIXED_BYTES + state.readUInt8(21), lineAt(state)))
  const session = unpackGrant(grant) as Writable<Session>
  // The script asks for the key only where the flag is set, which is not behind the MAC.
  if (((state.readUInt8(0) & FLAGS.boundKey) !== 0) !== (session.boundKey !== undefined))
    throw new Unreadable('whether a session is bound to a key')
  session.id = id
  session.subject = subject
  session.transport = (state.readUInt8(0) & FLAGS.body) === 0 ? 'cookie' : 'body'
  session.generation = state.readUInt32BE(1)
  session.rotatedAt = state.readUIntBE(5, 6)
  session.createdAt = state.readUIntBE(11, 6)
  if (ip !== '') session.ip = ip
  return session
}

/** The device that a session is bound to. */
export function unpackBinding(state: Buffer): DeviceBinding {
  const cells = state.subarray(FIXED_BYTES, FIXED_BYTES + state.readUInt8(21))
  return { cells, version: state.readUInt16BE(19) }
}

/** Where the address ends, behind which is what rotation knows of the current generation. */
function lineAt(state: Buffer): number {
  const flags = state.readUInt8(0)
  const key = (flags & FLAGS.retryKey) === 0 ? 0 : RETRY_KEY_BYTES
  const skipped = (flags & FLAGS.skipped) === 0 ? 0 : SKIPPED_BYTES
  return state.length - key - skipped
}

/** What of a session's state `SessionReading` has beside the session. */
export function unpackLine(state: Buffer): { readonly base: number; readonly keyed: boolean } {
  const flags = state.readUInt8(0)
  const after = (flags & FLAGS.skipped) === 0 ? 1 : state.readUInt16BE(lineAt(state))
  return { base: state.readUInt32BE(1) - after, keyed: (flags & FLAGS.keyed) !== 0 }
}

const STEP_BYTES = 94
const BINDING_BYTES = 3
/** Who made the key of an attempt. */
const KEY_SENT = 1
const KEY_MADE = 2
/** Whether the key is asked for to which the session may be bound, and was shown. */
const PROOF_UNASKED = 0
const PROOF_MISSING = 1
const PROOF_SHOWN = 2

/**
 * All that `rotate.lua` judges a rotation by, except the client. One argument, since each costs ioredis some time.
 */
export function packRotation(rotation: Rotation): Buffer {
  const { id, generation, transport, driftRule, graceMs, lifetimes, known, refreshLimit, key, bindings } =
    rotation
  const { keyProof } = rotation
  const jkt = keyProof?.jkt ?? ''
  const address = packIp(rotation.ip)
  const bindingBytes = bindings.reduce((sum, { cells }) => sum + BINDING_BYTES + cells.length, 0)
  const step = Buffer.allocUnsafe(STEP_BYTES + address.length + jkt.length + bindingBytes)
  step.write(id, 'base64url')
  let at = step.writeUInt32BE(generation, SESSION_ID_BYTES)
  at = step.writeUInt8(transport === 'body' ? 1 : 0, at)
  at = step.writeUInt16BE(driftRule.enforced, at)
  at = step.writeUInt16BE(driftRule.stepUp, at)
  at = step.writeUInt16BE(driftRule.counted, at)
  at = step.writeUInt8(driftRule.stepUpAt, at)
  at = step.writeUInt8(driftRule.endAt, at)
  at = step.writeUIntBE(graceMs, at, 6)
  at = step.writeUIntBE(lifetimes.idleMs, at, 6)
  at = step.writeUIntBE(lifetimes.absoluteMs, at, 6)
  at = step.writeUIntBE(known.endedUntil, at, 6)
  at = step.writeUIntBE(known.refusedUntil, at, 6)
  at = step.writeUInt32BE(refreshLimit.count, at)
  at = step.writeUIntBE(refreshLimit.windowMs, at, 6)
  at = step.writeUInt32BE(rotation.convergedLimit, at)
  step.fill(0, at, at + RETRY_KEY_BYTES)
  if (key !== undefined) step.set(key.bytes, at)
  at = step.writeUInt8(key === undefined ? 0 : key.sent ? KEY_SENT : KEY_MADE, at + RETRY_KEY_BYTES)
  at = step.writeUInt8(proofByte(keyProof), at)
  at = step.writeUInt8(address.length, at)
  step.set(address, at)
  at += address.length
  at += step.write(jkt, at, 'latin1')
  for (const { cells, version } of bindings) {
    at = step.writeUInt16BE(version, at)
    at = step.writeUInt8(cells.length, at)
    step.set(cells, at)
    at += cells.length
  }
  return step
}

function proofByte(proof: Rotation['keyProof']): number {
  if (proof === undefined) return PROOF_UNASKED
  return proof.jkt === undefined ? PROOF_MISSING : PROOF_SHOWN
}

const PREVIOUS_AT = 14

/** Reads what `rotate.lua` returns. */
export function unpackRotation(
  reply: Buffer,
  read: (subject: string, state: Buffer, grant: Buffer) => Session,
): RotationOutcome {
  const letter = reply.toString('latin1', 0, 1)
  switch (letter) {
    case 'L':
      return { kind: 'limited', retryAfterMs: reply.readUIntBE(1, 6) }
    case 'E':
      return { kind: 'expired' }
    case 'X':
      return { kind: 'unknown' }
  }
  const issueFrom = reply.readUIntBE(1, 6)
  const drift = reply.readUInt16BE(7)
  const rolledBack = reply.readUInt8(9) === 1
  const stateAt = PREVIOUS_AT + reply.readUInt8(13)
  const subjectAt = stateAt + reply.readUInt8(10)
  const grantAt = subjectAt + reply.readUInt16BE(11)
  const subject = reply.toString('utf8', subjectAt, grantAt)
  const state = reply.subarray(stateAt, subjectAt)
  const session = read(subject, state, reply.subarray(grantAt))
  switch (letter) {
    case 'R':
      return { kind: 'rotated', session, issueFrom, drift, rolledBack }
    case 'C':
      return { kind: 'converged', session, issueFrom, drift }
    case 'B': {
      const previousIp = unpackIp(reply.subarray(PREVIOUS_AT, stateAt))
      const outcome = { kind: 'contested', session, drift, issueFrom } as const
      return previousIp === '' ? outcome : { ...outcome, previousIp }
    }
    case 'U':
      return { kind: 'reused', session, rolledBack }
    case 'M':
      return { kind: 'mismatched', session, drift }
    case 'S':
      return { kind: 'challenged', session, drift }
    case 'F':
      return { kind: 'wrong_client' }
    case 'P':
      return { kind: 'unproven' }
    default:
      throw new Unreadable('a reply')
  }
}
