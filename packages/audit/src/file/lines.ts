import { createReadStream } from 'node:fs'

export interface Line {
  /** Without its line break. */
  readonly bytes: Buffer
  /** Counts from 1. */
  readonly number: number
  /** Whether a line break ends it. */
  readonly isEnded: boolean
  /** How many bytes of the file lie before the next line. */
  readonly end: number
}

/** Of a longer line only the beginning is kept: no event is that long. */
const MAX_BYTES = 1_048_576

/**
 * The lines of a file, empty ones left out, in constant memory.
 *
 * @param from how many bytes and lines to leave out, which must be whole lines
 */
export async function* linesOf(
  path: string,
  from: { readonly bytes: number; readonly lines: number } = { bytes: 0, lines: 0 },
): AsyncGenerator<Line> {
  let number = from.lines + 1
  let at = from.bytes
  let begun: Buffer[] = []
  let bytes = 0
  const take = (part: Buffer): void => {
    if (bytes < MAX_BYTES) begun.push(part)
    bytes += part.length
  }
  for await (const chunk of createReadStream(path, { start: from.bytes }) as AsyncIterable<Buffer>) {
    let begin = 0
    for (let to = chunk.indexOf('\n'); to !== -1; to = chunk.indexOf('\n', begin)) {
      take(chunk.subarray(begin, to))
      const end = at + to + 1
      if (bytes > 0) yield { bytes: Buffer.concat(begun), number, isEnded: true, end }
      begin = to + 1
      number += 1
      begun = []
      bytes = 0
    }
    if (begin < chunk.length) take(chunk.subarray(begin))
    at += chunk.length
  }
  if (bytes > 0) yield { bytes: Buffer.concat(begun), number, isEnded: false, end: at }
}
