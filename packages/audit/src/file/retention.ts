import { unlink } from 'node:fs/promises'
import type { TrailKeys } from '../chain/keys.ts'
import { isAuthenticRemoval, makeRemoval, type Removal, readRemoval } from '../chain/marks.ts'
import { type ReadRecord, readRecord, recordMac, START } from '../chain/record.ts'
import { timeOfLine } from '../formats/times.ts'
import { findFiles, type SegmentName, type TrailNames } from './names.ts'
import { readJson } from './read-json.ts'
import { replaceFile } from './replace.ts'
import { endsOf } from './tail.ts'
import { unlessGone } from './unless-gone.ts'

/**
 * Deletes the segments, of all processes of this trail, whose last event happened before an instant. What it deletes is
 * said in a removal under the key, so that verification misses nothing, and finds what somebody else deleted.
 *
 * How old a segment is stands in its last record, whose MAC is checked: neither a file's date, which anybody can set,
 * nor an edited record makes it delete anything.
 */
export async function removeExpired(
  names: TrailNames,
  keys: TrailKeys,
  before: number,
  { sync }: { readonly sync: boolean },
): Promise<void> {
  const { segments, removals } = await findFiles(names.path)
  for (const [processId, ones] of segments)
    await removeOf(ones, removals.get(processId) ?? [], { names, keys, before, sync })
}

interface Retention {
  readonly names: TrailNames
  readonly keys: TrailKeys
  readonly before: number
  readonly sync: boolean
}

/** The same for one process. Others may do it at the same time: all of them write the same under the same names. */
async function removeOf(
  segments: readonly SegmentName[],
  earlier: readonly SegmentName[],
  { names, keys, before, sync }: Retention,
): Promise<void> {
  let removed = await lastRemoval(earlier, keys)
  const written: string[] = []
  for (const segment of segments) {
    const end = await endOf(segment, keys, removed)
    if (end === undefined || !(Date.parse(end.time) < before)) break
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

/** What is to be said of a segment, if its last record is authentic and nothing is missing in front of the segment. */
async function endOf(
  { path, processId }: SegmentName,
  keys: TrailKeys,
  removed: Removal | undefined,
): Promise<Omit<Removal, 'mac'> | undefined> {
  const ends = await endsOf(path).catch(unlessGone)
  if (ends?.last === undefined) return undefined
  const [first, second, last] = [ends.first, ends.second, ends.last].map((line) => line && readRecord(line))
  const time = timeOfLine(ends.last)
  if (last?.processId !== processId || first === undefined || time === undefined) return undefined
  const { number, mac: chain } = last
  const previous = previousOf(last, second, removed)
  const isAuthentic = previous !== undefined && recordMac(keys.record, previous, last, last.line) === chain
  if (!isAuthentic) return undefined
  const isRemoved = removed !== undefined && number <= removed.number
  const before = isRemoved ? removed : { from: removed?.number ?? 0, fromChain: removed?.chain ?? START }
  if (first.number !== before.from + 1) return undefined
  return { processId, number, chain, time, from: before.from, fromChain: before.fromChain }
}

/** The MAC that a record continues, as far as it stands near it. */
function previousOf(
  { number }: ReadRecord,
  second: ReadRecord | undefined,
  removed: Removal | undefined,
): string | undefined {
  if (number === 1) return START
  if (second?.number === number - 1) return second.mac
  return removed?.number === number - 1 ? removed.chain : undefined
}
