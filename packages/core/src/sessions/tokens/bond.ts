import { createHash, timingSafeEqual } from 'node:crypto'
import type { BoundTo } from '../../ports/session.ts'

/** What a client must show to use a refresh token. The token holds a hash of it, not the values. */
export interface Bond {
  /** What it must have. */
  readonly members: readonly BondMember[]
  /** {@link BOND_HASH_BYTES} bytes. */
  readonly hash: Uint8Array
}

export type BondMember = keyof BoundTo

const BOND_HASH_BYTES = 16
/** In the order of their bits. */
const MEMBERS: readonly BondMember[] = ['jkt', 'x5t', 'fgp']
export const BOND_BYTES: number = 1 + BOND_HASH_BYTES

/** The bond that a session's refresh tokens carry; `undefined` if the session is not bound to anything. */
export function bondOf(boundTo: BoundTo | undefined): Bond | undefined {
  if (boundTo === undefined) return undefined
  const members = MEMBERS.filter((member) => boundTo[member] !== undefined)
  return members.length === 0 ? undefined : { members, hash: hashOf(members, boundTo) }
}

/** Whether a client has what the bond asks for. */
export function holds({ members, hash }: Bond, shown: BoundTo): boolean {
  return timingSafeEqual(hash, hashOf(members, shown))
}

/** Writes a bond, {@link BOND_BYTES} long. */
export function writeBond({ members, hash }: Bond, bytes: Buffer, at: number): void {
  bytes.writeUInt8(
    members.reduce((bits, member) => bits | (1 << MEMBERS.indexOf(member)), 0),
    at,
  )
  bytes.set(hash, at + 1)
}

export function readBond(bytes: Buffer, at: number): Bond {
  const bits = bytes.readUInt8(at)
  return {
    members: MEMBERS.filter((_, index) => (bits & (1 << index)) !== 0),
    hash: Uint8Array.from(bytes.subarray(at + 1, at + BOND_BYTES)),
  }
}

function hashOf(members: readonly BondMember[], values: BoundTo): Uint8Array {
  const named = members.map((member) => [member, values[member] ?? null])
  const hash = createHash('sha256').update(JSON.stringify(named)).digest()
  return Uint8Array.from(hash.subarray(0, BOND_HASH_BYTES))
}
