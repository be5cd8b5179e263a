import { createHmac, timingSafeEqual } from 'node:crypto'
import { PROCESS, type RecordName } from './record.ts'

/** Says of a record that it was written, and with which MAC. */
export interface Mark extends RecordName {
  /** The MAC of the record; empty before the first one. */
  readonly chain: string
  /** When the event of the record happened: ISO 8601, UTC. */
  readonly time: string
  /** Over all of it. */
  readonly mac: string
}

/**
 * How far a process has written: `number` records. Without it nobody could tell that the end of a trail is missing.
 * Keep heads on another machine (`sallyport audit heads`), and not even somebody who puts back an old trail together
 * with its old heads stays unnoticed.
 */
export interface TrailHead extends Mark {
  /** Whether the process has closed its trail, and writes no more. */
  readonly sealed: boolean
}

/** Says that the records up to this one were deleted because of their age: the last record of the segment deleted last. */
export interface Removal extends Mark {
  /** The record in front of that segment, and its MAC: should the file be there still, it can be verified. */
  readonly from: number
  readonly fromChain: string
}

export function makeHead(key: Uint8Array, head: Omit<TrailHead, 'mac'>): TrailHead {
  return { ...head, mac: headMac(key, head) }
}

export function makeRemoval(key: Uint8Array, removal: Omit<Removal, 'mac'>): Removal {
  return { ...removal, mac: removalMac(key, removal) }
}

export function isAuthenticHead(key: Uint8Array, head: TrailHead): boolean {
  return isSame(head.mac, headMac(key, head))
}

export function isAuthenticRemoval(key: Uint8Array, removal: Removal): boolean {
  return isSame(removal.mac, removalMac(key, removal))
}

/** A head as it was written somewhere; `undefined` if it is none. Checks no MAC. */
export function readHead(given: unknown): TrailHead | undefined {
  const mark = readMark(given)
  const sealed: unknown = mark && Reflect.get(Object(given), 'sealed')
  return mark !== undefined && typeof sealed === 'boolean' ? { ...mark, sealed } : undefined
}

/** A removal as it was written somewhere; `undefined` if it is none. Checks no MAC. */
export function readRemoval(given: unknown): Removal | undefined {
  const mark = readMark(given)
  const { from, fromChain }: Readonly<Record<string, unknown>> = { ...Object(given) }
  const isRemoval = mark !== undefined && typeof from === 'number' && typeof fromChain === 'string'
  return isRemoval ? { ...mark, from, fromChain } : undefined
}

/** The members that a mark has, and no others; `undefined` if one is missing or malformed. */
function readMark(given: unknown): Mark | undefined {
  if (typeof given !== 'object' || given === null) return undefined
  const { processId, number, chain, time, mac }: Readonly<Record<string, unknown>> = { ...given }
  if (typeof processId !== 'string' || !PROCESS.test(processId)) return undefined
  if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < 0) return undefined
  if (typeof chain !== 'string' || typeof time !== 'string' || typeof mac !== 'string') return undefined
  return { processId, number, chain, time, mac }
}

const membersOf = ({ processId, number, chain, time }: Omit<Mark, 'mac'>): readonly (string | number)[] => [
  processId,
  number,
  chain,
  time,
]

function headMac(key: Uint8Array, head: Omit<TrailHead, 'mac'>): string {
  return macOf(key, [...membersOf(head), head.sealed])
}

function removalMac(key: Uint8Array, removal: Omit<Removal, 'mac'>): string {
  return macOf(key, [...membersOf(removal), removal.from, removal.fromChain])
}

function macOf(key: Uint8Array, members: readonly (string | number | boolean)[]): string {
  return createHmac('sha256', key).update(JSON.stringify(members)).digest('base64url')
}

function isSame(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)]
  return one.length === other.length && timingSafeEqual(one, other)
}
