import { stat, unlink } from 'node:fs/promises'
import type { TrailKeys } from '../chain/keys.ts'
import { isAuthenticRemoval, makeRemoval, type Removal, readRemoval } from '../chain/marks.ts'
import { createRecordMac, readRecord, START } from '../chain/record.ts'
import { timeOfLine } from '../formats/times.ts'
import { linesOf } from './lines.ts'
import { findFiles, type SegmentName, type TrailNames } from './names.ts'
import { readJson } from './read-json.ts'
import { replaceFile } from './replace.ts'
import { unlessGone } from './unless-gone.ts'

export interface Retention {
  readonly names: TrailNames
  readonly keys: TrailKeys
  /** How long a record is kept. */
  readonly ms: number
  readonly sync: boolean
}

/** What two clocks say: that of the events, and that of the disk. */
export interface Now {
  /** Milliseconds since 1970. */
  readonly events: number
  /** A file that was written just now. */
  readonly justWritten: string
}

/**
 * Deletes the segments, of all processes of this trail, whose last event is old enough by now. What it deletes is
 * said in a removal under the key, so that verification misses nothing, and finds what somebody else deleted.
 *
 * How old a segment is stands in its last record. All of them are verified before: neither an edited record nor a file's
 * date, which anybody can set, makes it delete anything. A date only holds it back: by the clock of the disk, too, nobody
 * has written to the file for as long as it is kept, so that wrong times of events delete nothing.
 *
 * What it can't read or delete, it leaves. Rejects with what the system says if the directory can't be read.
 */
export async function removeExpired(retention: Retention, { events, justWritten }: Now): Promise<void> {
  const newest = await stat(justWritten).catch(unlessGone)
  if (newest === undefined) return
  const { ms } = retention
  const before = { events: events - ms, dates: newest.mtimeMs - ms }
  const { segments, removals } = await findFiles(retention.names.path)
  // Such as files of another user. They are no reason to keep no events, nor those of other processes for ever.
  for (const [processId, ones] of segments)
    await removeOf(ones, removals.get(processId) ?? [], retention, before).catch(() => {})
}

/** Whatever is younger stays, in milliseconds since 1970: by the times of events, and by the dates of files. */
interface Limits {
  readonly events: number
  readonly dates: number
}

/** The same for one process. Others may do it at the same time: all of them write the same under the same names. */
async function removeOf(
  segments: readonly SegmentName[],
  earlier: readonly SegmentName[],
  { names, keys, sync }: Retention,
  before: Limits,
): Promise<void> {
  let removed = await lastRemoval(earlier, keys)
  const written: string[] = []
  for (const segment of segments) {
    if (!(await wasWrittenBefore(before.dates, segment))) break
    const end = await endOf(segment, keys, removed)
    if (end === undefined || !(Date.parse(end.time) < before.events)) break
    if (end.number > (removed?.number ?? 0)) {
      removed = makeRemoval(keys.removal, end)
      const path = names.removal(segment.processId, segment.index)
      await replaceFile(path, `${JSON.stringify(removed)}\n`, { sync })
      written.push(path)
    }
    await unlink(segment.path).catch(unlessGone)
  }
  const newest = written.pop()
  if (newest === undefined) return
  const older = [...earlier.map(({ path }) => path), ...written].filter((path) => path !== newest)
  for (const path of older) await unlink(path).catch(unlessGone)
}

async function wasWrittenBefore(date: number, { path }: SegmentName): Promise<boolean> {
  const found = await stat(path).catch(unlessGone)
  return found !== undefined && found.mtimeMs < date
}

/** The last removal that is authentic. */
async function lastRemoval(
  removals: readonly SegmentName[],
  { removal: key }: TrailKeys,
): Promise<Removal | undefined> {
  for (const { path, processId } of removals.toReversed()) {
    const removal = readRemoval(await readJson(path))
    if (removal?.processId === processId && isAuthenticRemoval(key, removal)) return removal
  }
  return undefined
}

/** What is to be said of a segment, if it is whole and nothing is missing in front of it. */
async function endOf(
  { path, processId }: SegmentName,
  keys: TrailKeys,
  removed: Removal | undefined,
): Promise<Omit<Removal, 'mac'> | undefined> {
  const macOf = createRecordMac(keys.record)
  let begin: Pick<Removal, 'from' | 'fromChain'> | undefined
  let end: Pick<Removal, 'number' | 'chain'> | undefined
  let time: string | undefined
  for await (const { bytes, isEnded } of linesOf(path)) {
    const record = readRecord(bytes)
    // What a process leaves that is killed while it writes.
    if (record === undefined && !isEnded) break
    if (record?.processId !== processId) return undefined
    begin ??= beginAt(record.number, removed)
    end ??= { number: begin.from, chain: begin.fromChain }
    const isNext = record.number === end.number + 1
    if (!isNext || macOf(end.chain, record, record.line) !== record.mac) return undefined
    end = { number: record.number, chain: record.mac }
    time = timeOfLine(bytes)
  }
  if (begin === undefined || end === undefined || time === undefined) return undefined
  return { processId, ...end, time, ...begin }
}

/** What a segment continues: that which was removed, or the one before, if its own file is not deleted yet. */
function beginAt(first: number, removed: Removal | undefined): Pick<Removal, 'from' | 'fromChain'> {
  if (removed === undefined) return { from: 0, fromChain: START }
  const { from, fromChain, number, chain } = removed
  return first <= number ? { from, fromChain } : { from: number, fromChain: chain }
}
