import { stat } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import { readHead, readRemoval, type TrailHead } from '../chain/marks.ts'
import { linesOf } from '../file/lines.ts'
import { findFiles, namesOf, type TrailFiles, type TrailNames } from '../file/names.ts'
import { readJson } from '../file/read-json.ts'
import { unlessGone } from '../file/unless-gone.ts'
import { parseVerifyOptions, type VerifySettings, type VerifyTrailOptions } from '../options.ts'
import type { Found } from './end-check.ts'
import { type Beside, createTrailCheck, type LinePlace } from './trail-check.ts'
import type { TrailVerdict } from './verdict.ts'

/**
 * Verifies an audit trail in files: that no record of any process was edited, deleted, moved, repeated or added, and
 * that no end is missing. Reads the files as a stream, in constant memory. Changes nothing, and may run while processes
 * write.
 *
 * It does not find what somebody did who has the key. Without `heads` it does not find an old trail that was put back
 * together with its old heads, nor that a process is missing altogether.
 *
 * Rejects with what the system says if a file or its directory can't be read, and with a `ConfigError` for a wrong
 * option.
 */
export async function verifyTrail(options: VerifyTrailOptions): Promise<TrailVerdict> {
  const settings = parseVerifyOptions(options)
  const names = namesOf(settings.path)
  for (;;) {
    // Before the lines: what processes write meanwhile makes the trail longer than its heads, which is no fault.
    const beside = await readBeside(names)
    const verdict = await verifyLines(settings, beside)
    if (verdict.kind !== 'broken') return verdict
    // A process that began meanwhile is no fault either, nor are segments that were removed because of their age, nor
    // lines that were read twice, or not at all, since logrotate has moved their file.
    const now = await readBeside(names)
    const isSame = isDeepStrictEqual(marksOf(now), marksOf(beside))
    if (isSame) return verdict
  }
}

async function verifyLines(
  { path, keys, heads, isStream }: VerifySettings,
  beside: Pick<Beside, 'heads' | 'removals'>,
): Promise<TrailVerdict> {
  const check = createTrailCheck(keys, { ...beside, keptHeads: lastOfEach(heads), isStream })
  for (const where of filesOf(await findFiles(path)))
    try {
      for await (const line of linesOf(where.file)) check.take(line, where)
    } catch (cause) {
      unlessGone(cause)
    }
  return check.finish()
}

/** The heads of a trail, and the files of heads that can't be read as such. */
export interface TrailHeads {
  readonly heads: readonly TrailHead[]
  readonly damaged: readonly string[]
}

/**
 * Reads the heads of a trail in files, to be kept on another machine and given to {@link verifyTrail} later. Needs no
 * key, and checks none: verification does.
 *
 * Rejects with what the system says if a file or its directory can't be read.
 *
 * @param path as for `toFile`
 */
export async function readHeads(path: string): Promise<TrailHeads> {
  const { heads } = await readBeside(namesOf(path))
  const all = [...heads.values()]
  return {
    heads: all.flatMap(({ value }) => value ?? []),
    damaged: all.flatMap(({ file, value }) => (value === undefined ? file : [])),
  }
}

/** What there was beside the lines, and which files had them. */
interface Surroundings extends Pick<Beside, 'heads' | 'removals'> {
  readonly shared: readonly FileIdentity[]
}

/** Its path, and what stays the same when it is moved. */
interface FileIdentity {
  readonly path: string
  readonly device: bigint | undefined
  readonly inode: bigint | undefined
}

function marksOf({ heads, removals, shared }: Surroundings): object {
  return { processes: [...heads.keys()], removals, shared }
}

async function identityOf(path: string): Promise<FileIdentity> {
  const found = await stat(path, { bigint: true }).catch(unlessGone)
  return { path, device: found?.dev, inode: found?.ino }
}

async function readBeside(names: TrailNames): Promise<Surroundings> {
  const files = await findFiles(names.path)
  const heads = files.heads.map((processId) => ({ processId, path: names.head(processId) }))
  // Of several removals, the last one was written after the others.
  const removals = [...files.removals.values()].flatMap((ones) => ones.at(-1) ?? [])
  return {
    heads: await readAll(heads, readHead),
    removals: await readAll(removals, readRemoval),
    shared: await Promise.all(files.shared.map(identityOf)),
  }
}

async function readAll<Value extends { readonly processId: string }>(
  files: readonly { readonly processId: string; readonly path: string }[],
  read: (given: unknown) => Value | undefined,
): Promise<ReadonlyMap<string, Found<Value>>> {
  const found = new Map<string, Found<Value>>()
  for (const { processId, path } of files) {
    const value = read(await readJson(path))
    found.set(processId, { file: path, value: value?.processId === processId ? value : undefined })
  }
  return found
}

function filesOf({ shared, segments }: TrailFiles): readonly LinePlace[] {
  return [
    ...shared.map((file) => ({ file, owner: undefined, isComplete: false })),
    ...[...segments.values()].flatMap((ones) =>
      ones.map((one) => ({ file: one.path, owner: one.processId, isComplete: one !== ones.at(-1) })),
    ),
  ]
}

function lastOfEach(heads: readonly TrailHead[]): ReadonlyMap<string, TrailHead> {
  const last = new Map<string, TrailHead>()
  for (const head of heads) {
    const other = last.get(head.processId)
    const isLater = other === undefined || head.number > other.number || (head.sealed && !other.sealed)
    if (isLater) last.set(head.processId, head)
  }
  return last
}
