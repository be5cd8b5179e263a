import { readFile, unlink } from 'node:fs/promises'
import type { TrailKeys } from '../chain/keys.ts'
import { isAuthenticRemoval, makeRemoval, type Removal, readMark } from '../chain/marks.ts'
import { type ReadRecord, readRecord, recordMac, START } from '../chain/record.ts'
import { timeOfLine } from '../formats/times.ts'
import { findFiles, type SegmentName, type TrailNames } from './names.ts'
import { replaceFile } from './replace.ts'
import { lastLines } from './tail.ts'
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
  const { segments } = await findFiles(names.path)
  for (const [processId, ones] of segments) {
    let removed = await readRemoval(names, keys, processId)
    for (const segment of ones) {
      const end = await endOf(segment, keys, removed)
      if (end === undefined || !(Date.parse(end.time) < before)) break
      if (end.number > (removed?.number ?? 0)) {
        removed = makeRemoval(keys.removal, end)
        await replaceFile(names.removal(processId), `${JSON.stringify(removed)}\n`, { sync })
      }
      // Several processes may delete the same segment.
      await unlink(segment.path).catch(unlessGone)
    }
  }
}

/** The removal of a process; `undefined` if there is none that is authentic. */
async function readRemoval(
  names: TrailNames,
  keys: TrailKeys,
  processId: string,
): Promise<Removal | undefined> {
  const removal = parseMark(await readFile(names.removal(processId), 'utf8').catch(unlessGone))
  return removal?.processId === processId && isAuthenticRemoval(keys.removal, removal) ? removal : undefined
}

function parseMark(text: string | undefined): Removal | undefined {
  try {
    return readMark(JSON.parse(text ?? ''))
  } catch {
    return undefined
  }
}

type End = Omit<Removal, 'mac'>

/** The last whole record of a segment, if it is authentic and its time can be read. */
async function endOf(
  { path, processId }: SegmentName,
  keys: TrailKeys,
  removed: Removal | undefined,
): Promise<End | undefined> {
  const lines = await lastLines(path, 2).catch(unlessGone)
  const [last, second] = (lines ?? []).toReversed()
  const record = last && readRecord(last)
  const time = last && timeOfLine(last)
  if (record?.processId !== processId || time === undefined) return undefined
  const previous = previousOf(record, second && readRecord(second), removed)
  const isAuthentic =
    previous !== undefined && recordMac(keys.record, previous, record, record.line) === record.mac
  return isAuthentic ? { processId, number: record.number, chain: record.mac, time } : undefined
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
