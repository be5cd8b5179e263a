import { createReadStream } from 'node:fs'

export interface Line {
  /** Without its line break. */
  readonly bytes: Buffer
  /** Counts from 1. */
  readonly number: number
  /** Whether a line break ends it. */
  readonly isEnded: boolean
}

/** Of a longer line only the beginning is kept: no event is that long. */
const MAX_BYTES = 1_048_576

/** The lines of a file, empty ones left out, in constant memory. */
export async function* linesOf(path: string): AsyncGenerator<Line> {
  let number = 1
  let begun: Buffer[] = []
  let bytes = 0
  const take = (part: Buffer): void => {
    if (bytes < MAX_BYTES) begun.push(part)
    bytes += part.length
  }
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let from = 0
    for (let to = chunk.indexOf('\n'); to !== -1; to = chunk.indexOf('\n', from)) {
      take(chunk.subarray(from, to))
      if (bytes > 0) yield { bytes: Buffer.concat(begun), number, isEnded: true }
      from = to + 1
      number += 1
      begun = []
      bytes = 0
    }
    if (from < chunk.length) take(chunk.subarray(from))
  }
  if (bytes > 0) yield { bytes: Buffer.concat(begun), number, isEnded: false }
}
