import { stat } from 'node:fs/promises'
import { type Line, linesOf } from '../file/lines.ts'
import { findFiles } from '../file/names.ts'
import { unlessGone } from '../file/unless-gone.ts'

/** An event as it stands in a trail. Whoever can write there can have written it: only verification tells. */
export interface TrailEvent {
  /** ISO 8601, UTC. */
  readonly time: string
  /** The name of the event, such as `session.ended`. */
  readonly event: string
  readonly [member: string]: unknown
}

/** Reads a trail in files, and goes on later where it stopped. */
export interface TrailReader {
  /**
   * The events that were written since the last call, or all of them at the first: process by process, each in its own
   * order. A line that is not complete yet is left for the next call. Rejects with what the system says if a file or its
   * directory can't be read.
   */
  read(): AsyncGenerator<TrailEvent>
  /** How many lines were no events of the format `json`, so far. */
  readonly unreadable: number
}

/** How far a file was read. */
interface Progress {
  readonly bytes: number
  readonly lines: number
}

const BEGINNING: Progress = { bytes: 0, lines: 0 }

/**
 * Reads the events of a trail that `toFile` has written in the format `json`. Verifies nothing: see {@link verifyTrail}.
 * Changes nothing, and may run while processes write.
 *
 * @param path as for `toFile`
 */
export function readTrail(path: string): TrailReader {
  const read = new Map<string, Progress>()
  let unreadable = 0

  async function* readFile(file: string): AsyncGenerator<TrailEvent> {
    // logrotate moves files, whose identity stays.
    const found = await stat(file, { bigint: true }).catch(unlessGone)
    if (found === undefined) return
    const identity = `${found.dev}:${found.ino}`
    const before = read.get(identity) ?? BEGINNING
    if (found.size <= before.bytes) return
    for await (const line of linesOf(file, before)) {
      if (!line.isEnded) return
      read.set(identity, { bytes: line.end, lines: line.number })
      const event = eventIn(line)
      if (event === undefined) unreadable += 1
      else yield event
    }
  }

  return {
    async *read() {
      const { shared, segments } = await findFiles(path)
      const files = [...shared, ...[...segments.values()].flatMap((ones) => ones.map((one) => one.path))]
      for (const file of files) yield* readFile(file)
    },
    get unreadable() {
      return unreadable
    },
  }
}

function eventIn({ bytes }: Line): TrailEvent | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString())
    return isEvent(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isEvent(value: unknown): value is TrailEvent {
  if (typeof value !== 'object' || value === null || !('time' in value) || !('event' in value)) return false
  return typeof value.time === 'string' && typeof value.event === 'string'
}
