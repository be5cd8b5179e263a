import { type FileHandle, open } from 'node:fs/promises'

/** Several lines of the longest events. */
const MAX_BYTES = 131_072

/** Whole lines of a file. With one line, it is the first and the last. */
export interface Ends {
  readonly first: Buffer | undefined
  /** The one in front of the last. */
  readonly second: Buffer | undefined
  readonly last: Buffer | undefined
}

/** The lines at both ends of a file; a fragment behind the last line is left out. */
export async function endsOf(path: string): Promise<Ends> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const position = Math.max(0, size - MAX_BYTES)
    const [first] = await linesAt(file, 0)
    // The first one there may have begun earlier.
    const lines = (await linesAt(file, position)).slice(position > 0 ? 1 : 0)
    return { first, second: lines.at(-2), last: lines.at(-1) }
  } finally {
    await file.close()
  }
}

async function linesAt(file: FileHandle, position: number): Promise<Buffer[]> {
  const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(MAX_BYTES), position })
  const bytes = buffer.subarray(0, bytesRead)
  const lines: Buffer[] = []
  let from = 0
  for (let to = bytes.indexOf('\n'); to !== -1; to = bytes.indexOf('\n', from)) {
    lines.push(bytes.subarray(from, to))
    from = to + 1
  }
  return lines
}
