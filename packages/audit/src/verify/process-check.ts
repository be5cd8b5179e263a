import type { Removal, TrailHead } from '../chain/marks.ts'
import { createRecordMac, type ReadRecord, START } from '../chain/record.ts'
import type { TrailFaultKind } from './verdict.ts'

/** Where a line stands. */
export interface Place {
  readonly file: string
  readonly line?: number
  /** Counts all lines of the trail, in the order in which they are read. */
  readonly at: number
}

/** A fault, which later lines may still explain better. */
export interface Finding {
  readonly kind: TrailFaultKind
  readonly place: Place | undefined
  readonly number?: number
}

/** What is known of a process before its first record is read. */
export interface Known {
  readonly removal: Removal | undefined
  readonly isBeginningKnown: boolean
  readonly keptHead: TrailHead | undefined
}

/** Finds the line of a record that is missing, between two places: a line that can't be read any more. */
export type ClaimStray = (from: number, to: number) => Place | undefined

/** The chain of one process, as far as it was read. */
export interface ProcessCheck {
  readonly processId: string
  readonly first: number
  readonly last: number
  /** The MAC of the last record, as it stands there; `undefined` if it is not known. */
  readonly mac: string | undefined
  /** Where the last record was. */
  readonly place: Place | undefined
  readonly verified: number
  /** Whether the first record can't be verified, since the one before it is not there. */
  readonly isBeginningUnverified: boolean
  readonly finding: Finding | undefined
  /** Whether a record is the next one, as it was written. */
  continues(record: ReadRecord): boolean
  take(record: ReadRecord, place: Place): void
  /** Only the first finding counts. */
  find(finding: Finding): void
}

export function createProcessCheck(
  key: Uint8Array,
  processId: string,
  { removal, isBeginningKnown, keptHead }: Known,
  claimStray: ClaimStray,
): ProcessCheck {
  const macOf = createRecordMac(key)
  const first = (removal?.number ?? 0) + 1
  let begins = first
  let last = removal?.number ?? 0
  let mac = isBeginningKnown ? (removal?.chain ?? START) : undefined
  let place: Place | undefined
  let verified = 0
  let isBeginningUnverified = false
  let finding: Finding | undefined

  function find(found: Finding): void {
    finding ??= found
  }

  function macAs(number: number, record: ReadRecord): boolean {
    return mac !== undefined && macOf(mac, { processId, number }, record.line) === record.mac
  }

  function advance(record: ReadRecord, at: Place, number: number): void {
    last = number
    mac = record.mac
    place = at
  }

  /** The first record may be one that was removed, if its file is not deleted yet; or any, if no beginning is known. */
  function beginAt({ number }: ReadRecord): void {
    if (place !== undefined) return
    if (!isBeginningKnown) {
      begins = number
      last = number - 1
      mac = number === 1 ? START : undefined
    } else if (removal !== undefined && number === removal.from + 1) {
      last = removal.from
      mac = removal.fromChain
    }
  }

  function takeNext(record: ReadRecord, at: Place): void {
    const { number } = record
    // Its MAC covers that of the record before. What it says of itself binds those behind it, and proves nothing of it.
    isBeginningUnverified ||= mac === undefined
    const isWhole = (mac === undefined || macAs(number, record)) && !contradicts(record)
    if (!isWhole) find({ kind: 'edited', place: at, number })
    else if (mac !== undefined) verified += 1
    advance(record, at, number)
  }

  /** Says what a removal, or a head that was kept elsewhere, says otherwise of the same record. */
  function contradicts({ number, mac: given }: ReadRecord): boolean {
    return [removal, keptHead].some((mark) => mark?.number === number && mark.chain !== given)
  }

  function takeLater(record: ReadRecord, at: Place): void {
    const missing = last + 1
    const stray = claimStray(place?.at ?? -1, at.at)
    find(
      stray === undefined
        ? { kind: 'missing', place: at, number: missing }
        : { kind: 'edited', place: stray, number: missing },
    )
    advance(record, at, record.number)
  }

  function takeEarlier({ number }: ReadRecord, at: Place): void {
    const isLate = finding?.kind === 'missing' && finding.number === number
    if (isLate) finding = { ...finding, kind: 'reordered' } as Finding
    else find({ kind: 'duplicated', place: at, number })
  }

  return {
    processId,
    get first() {
      return begins
    },
    get last() {
      return last
    },
    get mac() {
      return mac
    },
    get place() {
      return place
    },
    get verified() {
      return verified
    },
    get isBeginningUnverified() {
      return isBeginningUnverified
    },
    get finding() {
      return finding
    },
    continues: (record) => record.number === last + 1 && macAs(record.number, record),
    take(record, at) {
      beginAt(record)
      const next = last + 1
      if (record.number === next) takeNext(record, at)
      else if (macAs(next, record)) {
        // Its MAC tells which record it was.
        find({ kind: 'edited', place: at, number: next })
        advance(record, at, next)
      } else if (record.number > next) takeLater(record, at)
      else takeEarlier(record, at)
    },
    find,
  }
}
