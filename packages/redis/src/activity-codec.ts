import { isIP } from 'node:net'
import type { ActivityEntry, ActivityKind, SubjectTag } from '@sallyport/core/store'
import type { Reply } from './commands.ts'
import { packIp, unpackIp } from './ip.ts'

// An entry is a byte of flags with the length of its address, its time in 6 bytes, its address as bytes, and the rest as
// text. It is as short as it can be: the latest sign-in of every user stands in Redis.

const SUCCESS = 0x80
const IP_LENGTH = 0x1f
/** Two bits for what kind of entry it is. */
const KIND = 0x60
const KINDS: Readonly<Record<number, ActivityKind>> = { 0: 'other', 32: 'sign_in', 64: 'failure' }
const HEAD_BYTES = 7
/** Parts that are left out are empty. No part has such a character: events have no control characters. */
const SEPARATOR = '\0'
/** The control characters that stand for the names that nearly all entries have. */
const MARKS: Readonly<Record<string, string>> = {
  'session.started': '\x01',
  'session.ended': '\x02',
  'login.failed': '\x03',
}
const NAMES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(MARKS).map(([name, mark]) => [mark, name]),
)

export function packEntry(entry: ActivityEntry): Buffer {
  const { at, event, outcome, ip, device = '', reason = '' } = entry
  // What an application tells need not be an address.
  const address = packIp(isAddress(ip) ? ip : undefined)
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeUInt8((outcome === 'success' ? SUCCESS : 0) | bitsOf(entry.kind) | address.length)
  head.writeUIntBE(at, 1, HEAD_BYTES - 1)
  const parts = [markOf(event), device, reason, isAddress(ip) ? '' : (ip ?? '')]
  return Buffer.concat([head, address, Buffer.from(parts.join(SEPARATOR).replace(/\0+$/, ''))])
}

function bitsOf(kind: ActivityKind): number {
  return Number(Object.keys(KINDS).find((bits) => KINDS[Number(bits)] === kind) ?? 0)
}

function markOf(event: string): string {
  return (Object.hasOwn(MARKS, event) ? MARKS[event] : undefined) ?? event
}

/** An address that reads the same after it was packed. */
function isAddress(ip: string | undefined): boolean {
  return ip !== undefined && isIP(ip) !== 0 && !ip.includes('%') && unpackIp(packIp(ip)) === ip
}

/** An entry that was packed; `undefined` for anything else, since others may write to the same Redis. */
export function unpackEntry(tag: SubjectTag, packed: Reply): ActivityEntry | undefined {
  if (!Buffer.isBuffer(packed) || packed.length <= HEAD_BYTES) return undefined
  const flags = packed.readUInt8()
  const textAt = HEAD_BYTES + (flags & IP_LENGTH)
  const address = packed.subarray(HEAD_BYTES, textAt)
  if (![0, 4, 16].includes(flags & IP_LENGTH) || address.length !== (flags & IP_LENGTH)) return undefined
  const [event = '', device = '', reason = '', other = ''] = packed.toString('utf8', textAt).split(SEPARATOR)
  if (event === '') return undefined
  const name = (Object.hasOwn(NAMES, event) ? NAMES[event] : undefined) ?? event
  const ip = unpackIp(address) || other
  return {
    tag,
    at: packed.readUIntBE(1, HEAD_BYTES - 1),
    event: name,
    outcome: (flags & SUCCESS) === 0 ? 'failure' : 'success',
    kind: KINDS[flags & KIND] ?? 'other',
    ...(ip === '' ? {} : { ip }),
    ...(device === '' ? {} : { device }),
    ...(reason === '' ? {} : { reason }),
  }
}
