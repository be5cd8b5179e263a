import type { TrailKeys } from '../chain/keys.ts'
import { isAuthenticHead, isAuthenticRemoval, type Removal, type TrailHead } from '../chain/marks.ts'
import { type ReadRecord, readRecord } from '../chain/record.ts'
import type { Line } from '../file/lines.ts'
import { checkEnd, type Found, type KnownEnd } from './end-check.ts'
import { createProcessCheck, type Finding, type Place, type ProcessCheck } from './process-check.ts'
import { createStrays, isFragment } from './strays.ts'
import type { ProcessReport, TrailFault, TrailVerdict } from './verdict.ts'

/** What lies beside the lines of a trail, by process. */
export interface Beside {
  readonly heads: ReadonlyMap<string, Found<TrailHead>>
  readonly removals: ReadonlyMap<string, Found<Removal>>
  /** Heads that were kept elsewhere; of each process the last one. */
  readonly keptHeads: ReadonlyMap<string, TrailHead>
  /** Whether the lines come from a stream: then nothing says where they begin and end. */
  readonly isStream: boolean
}

/** Where a line was read. */
export interface LinePlace {
  readonly file: string
  /** The process whose own file it is. */
  readonly owner: string | undefined
  /** Whether its process has begun another file, and so has written this one to its end. */
  readonly isComplete: boolean
}

export interface TrailCheck {
  take(line: Line, where: LinePlace): void
  finish(): TrailVerdict
}

interface Located {
  readonly finding: Finding
  readonly processId: string | undefined
}

export function createTrailCheck(keys: TrailKeys, beside: Beside): TrailCheck {
  const strays = createStrays()
  const checks = new Map<string, ProcessCheck>()
  let at = 0
  let records = 0

  for (const processId of [...beside.heads.keys(), ...beside.removals.keys(), ...beside.keptHeads.keys()])
    checkOf(processId)

  function checkOf(processId: string): ProcessCheck {
    const known = checks.get(processId)
    if (known !== undefined) return known
    const check = newCheck(processId)
    checks.set(processId, check)
    return check
  }

  function newCheck(processId: string): ProcessCheck {
    const removal = beside.removals.get(processId)
    const isAuthentic = removal?.value !== undefined && isAuthenticRemoval(keys.removal, removal.value)
    const keptHead = beside.keptHeads.get(processId)
    const known = {
      removal: isAuthentic ? removal.value : undefined,
      isBeginningKnown: !beside.isStream,
      keptHead: keptHead !== undefined && isAuthenticHead(keys.head, keptHead) ? keptHead : undefined,
    }
    const check = createProcessCheck(keys.record, processId, known, strays.claim)
    if (removal !== undefined && !isAuthentic)
      check.find({ kind: 'removal_damaged', place: { file: removal.file, at: 0 } })
    return check
  }

  function endOf(processId: string): KnownEnd {
    const { heads, keptHeads, isStream } = beside
    return { head: heads.get(processId), keptHead: keptHeads.get(processId), isStream }
  }

  /** Whether a record can be one of a process that is known, or the first one of a process that has lost its head. */
  function belongs(record: ReadRecord, owner: string | undefined): boolean {
    if (owner !== undefined && owner !== record.processId) return false
    if (beside.isStream || checks.has(record.processId)) return true
    const check = newCheck(record.processId)
    return check.continues(record) || owner !== undefined
  }

  /**
   * In a file of its own, a process leaves no fragment but the last line, and none once it has begun another file or
   * closed its trail.
   */
  function takeStray(
    { bytes, isEnded }: Line,
    { owner, isComplete }: LinePlace,
    place: Place,
    isOther: boolean,
  ): void {
    const isLast = !isEnded && !isComplete
    const mayBeFragment = owner === undefined || (isLast && stateOf(owner, beside) !== 'sealed')
    const fragment = mayBeFragment && isFragment(bytes) ? bytes : undefined
    strays.add({ place, fragment, isClaimable: !isOther })
  }

  return {
    take(line, where) {
      const place = { file: where.file, line: line.number, at: ++at }
      const record = readRecord(line.bytes)
      if (record === undefined || !belongs(record, where.owner)) {
        // A record of a process that is known, in a file of another process.
        const isOther = record !== undefined && checks.has(record.processId)
        return takeStray(line, where, place, isOther)
      }
      records += 1
      checkOf(record.processId).take(record, place)
      if (!strays.isEmpty) strays.repeated(line.bytes)
    },
    finish() {
      if (checks.size === 0 && at === 0) return { kind: 'none' }
      for (const check of checks.values()) checkEnd(check, endOf(check.processId), keys.head, strays.claim)
      const all = [...checks.values()]
      const open = all.filter(({ processId }) => stateOf(processId, beside) !== 'sealed')
      const { fragments, foreign } = strays.settle(open.length)
      const verified = all.reduce((sum, one) => sum + one.verified, 0)
      const found: Located[] = [
        ...all.flatMap(({ processId, finding }) => (finding === undefined ? [] : [{ finding, processId }])),
        ...(foreign ? [{ finding: { kind: 'foreign', place: foreign } as const, processId: undefined }] : []),
      ]
      const unverified = all.filter(({ isBeginningUnverified }) => isBeginningUnverified).length
      const processes = all.map((one) => report(one, beside))
      const findings = { processes, records: verified, unverified, fragments }
      const [first] = found.toSorted((one, other) => positionOf(one) - positionOf(other))
      if (first === undefined) return { kind: 'whole', ...findings }
      const isForeignKey =
        verified === 0 && records + beside.heads.size > 0 && !hasAuthenticHead(beside, keys)
      const fault = faultOf(first)
      return { kind: 'broken', fault: isForeignKey ? { ...fault, kind: 'wrong_key' } : fault, ...findings }
    },
  }
}

function hasAuthenticHead({ heads, keptHeads }: Beside, keys: TrailKeys): boolean {
  const all = [...[...heads.values()].map(({ value }) => value), ...keptHeads.values()]
  return all.some((head) => head !== undefined && isAuthenticHead(keys.head, head))
}

function stateOf(processId: string, { heads }: Beside): ProcessReport['state'] {
  const head = heads.get(processId)?.value
  if (head === undefined) return 'unknown'
  return head.sealed ? 'sealed' : 'open'
}

function report({ processId, first, last, finding }: ProcessCheck, beside: Beside): ProcessReport {
  const fault = finding && { fault: faultOf({ finding, processId }) }
  return { processId, first, last, state: stateOf(processId, beside), ...fault }
}

function positionOf({ finding }: Located): number {
  return finding.place?.at ?? Number.POSITIVE_INFINITY
}

function faultOf({ finding: { kind, place, number }, processId }: Located): TrailFault {
  return {
    kind,
    ...(place && { file: place.file }),
    ...(place?.line !== undefined && { line: place.line }),
    ...(processId !== undefined && { processId }),
    ...(number !== undefined && { number }),
  }
}
