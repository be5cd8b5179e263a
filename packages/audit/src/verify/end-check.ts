import { isAuthenticHead, type TrailHead } from '../chain/marks.ts'
import type { ClaimStray, Place, ProcessCheck } from './process-check.ts'

/** What a file has; `undefined` if it can't be read as such. */
export interface Found<Value> {
  readonly file: string
  readonly value: Value | undefined
}

/** What is known of the end of a process. */
export interface KnownEnd {
  readonly head: Found<TrailHead> | undefined
  readonly keptHead: TrailHead | undefined
  /** Then there are no heads. */
  readonly isStream: boolean
}

/** Compares the last record of a process with its head, and with a head that was kept elsewhere. */
export function checkEnd(
  check: ProcessCheck,
  { head, keptHead, isStream }: KnownEnd,
  key: Uint8Array,
  claimStray: ClaimStray,
): void {
  const { last, mac, place } = check
  const besideTrail = head && behindAll(head.file)
  const current = head?.value

  if (keptHead !== undefined && !isAuthenticHead(key, keptHead))
    check.find({ kind: 'head_damaged', place: undefined })
  if (head === undefined) {
    const isExpected = place !== undefined || keptHead !== undefined
    if (isExpected && !isStream) check.find({ kind: 'head_missing', place })
  } else if (current === undefined || !isAuthenticHead(key, current))
    check.find({ kind: 'head_damaged', place: besideTrail })

  // What a stream has dropped because of its age.
  if (isStream && place === undefined) return
  // No other record binds it, so that anybody could have made it up, unless a head has its MAC.
  const isAlone = check.isBeginningUnverified && check.first === last
  const isVouched = keptHead?.number === last && keptHead.chain === mac && isAuthenticHead(key, keptHead)
  if (isAlone && !isVouched) check.find({ kind: 'foreign', place, number: last })
  if (last < Math.max(current?.number ?? 0, keptHead?.number ?? 0)) {
    const edited = claimStray(place?.at ?? -1, Number.POSITIVE_INFINITY)
    const cut = { kind: 'cut', place: place ? behindAll(place.file) : besideTrail } as const
    check.find({ ...(edited ? { kind: 'edited', place: edited } : cut), number: last + 1 })
  }
  if (current === undefined) return
  if (current.number === last && mac !== undefined && current.chain !== mac)
    check.find({ kind: 'edited', place, number: last })
  const isOld = keptHead !== undefined && isOlder(current, keptHead)
  if (isOld || (current.sealed && last > current.number))
    check.find({ kind: 'head_restored', place: besideTrail })
}

const behindAll = (file: string): Place => ({ file, at: Number.POSITIVE_INFINITY })

function isOlder(head: TrailHead, other: TrailHead): boolean {
  return head.number < other.number || (other.sealed && !head.sealed)
}
