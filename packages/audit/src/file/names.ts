import { readdir } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { PROCESS } from '../chain/record.ts'

/** The names of a trail's files: all of them lie beside its path, and begin as it does. */
export interface TrailNames {
  readonly path: string
  readonly directory: string
  segment(processId: string, index: number): string
  head(processId: string): string
  /** Says that this segment and all before it were deleted. */
  removal(processId: string, index: number): string
}

/** A segment, or the removal of one. */
export interface SegmentName {
  readonly processId: string
  readonly index: number
  readonly path: string
}

/** The files that are there. */
export interface TrailFiles {
  /** `path` itself, behind those that logrotate has moved away from it, the oldest first. */
  readonly shared: readonly string[]
  /** By process, and in each process in the order in which they were written. */
  readonly segments: ReadonlyMap<string, readonly SegmentName[]>
  /** The processes that have a head. */
  readonly heads: readonly string[]
  /** What says that segments were removed, by process, the last one last. */
  readonly removals: ReadonlyMap<string, readonly SegmentName[]>
}

const INDEX_DIGITS = 6
const HEAD = '.head'
const REMOVED = '.removed'
/** How the names of files end that lie beside a trail: a trail can't be called so itself. */
export const BESIDE: readonly string[] = [HEAD, REMOVED, '.tmp']

export function namesOf(path: string): TrailNames {
  const { directory, stem, extension } = partsOf(path)
  const beside = (rest: string): string => join(directory, `${stem}.${rest}`)
  return {
    path,
    directory,
    segment: (processId, index) => beside(`${processId}.${padded(index)}${extension}`),
    // With the extension: trails whose paths differ in nothing else have heads of their own.
    head: (processId) => beside(`${processId}${extension}${HEAD}`),
    removal: (processId, index) => beside(`${processId}.${padded(index)}${extension}${REMOVED}`),
  }
}

const padded = (index: number): string => String(index).padStart(INDEX_DIGITS, '0')

function partsOf(path: string): { directory: string; stem: string; extension: string } {
  const extension = extname(path)
  return { directory: dirname(path), stem: basename(path, extension), extension }
}

/** Rejects with what the system says if the directory can't be read. */
export async function findFiles(path: string): Promise<TrailFiles> {
  const { directory, stem, extension } = partsOf(path)
  const names = (await readdir(directory)).sort()
  const own = names.filter((name) => name.startsWith(`${stem}.`))
  const indexed = (ending: string) =>
    byProcess(
      own
        .flatMap((name) => segmentIn(name, stem, ending) ?? [])
        .map((one) => ({ ...one, path: join(directory, one.path) })),
    )
  return {
    shared: sharedIn(names, basename(path)).map((name) => join(directory, name)),
    segments: indexed(extension),
    removals: indexed(extension + REMOVED),
    heads: own.flatMap((name) => headIn(name, stem, extension + HEAD) ?? []),
  }
}

/** In each process in the order of their numbers. */
function byProcess(names: readonly SegmentName[]): ReadonlyMap<string, readonly SegmentName[]> {
  const found = new Map<string, SegmentName[]>()
  for (const name of names.toSorted((one, other) => one.index - other.index)) {
    const others = found.get(name.processId)
    if (others === undefined) found.set(name.processId, [name])
    else others.push(name)
  }
  return found
}

function segmentIn(name: string, stem: string, extension: string): SegmentName | undefined {
  if (!name.endsWith(extension)) return undefined
  const found = /^([^.]+)\.(\d+)$/.exec(name.slice(stem.length + 1, name.length - extension.length))
  const [, processId = '', index = ''] = found ?? []
  return PROCESS.test(processId) ? { processId, index: Number(index), path: name } : undefined
}

function headIn(name: string, stem: string, ending: string): string | undefined {
  const processId = name.slice(stem.length + 1, -ending.length)
  return name.endsWith(ending) && PROCESS.test(processId) ? processId : undefined
}

/** logrotate adds `.1`, `.2` (the higher, the older) or a date (`-20261129`). */
function sharedIn(names: readonly string[], base: string): string[] {
  const moved = names.filter((name) => name.startsWith(base)).map((name) => name.slice(base.length))
  const dated = moved.filter((rest) => /^-\d{8,}$/.test(rest))
  const numbered = moved
    .filter((rest) => /^\.\d{1,6}$/.test(rest))
    .toSorted((one, other) => Number(other.slice(1)) - Number(one.slice(1)))
  return [...dated, ...numbered, ...moved.filter((rest) => rest === '')].map((rest) => base + rest)
}
