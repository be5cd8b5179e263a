import { open } from 'node:fs/promises'

/** Several lines of the longest events. */
const TAIL_BYTES = 131_072

/** The last whole lines of a file, the last one last; a fragment behind them is left out. */
export async function lastLines(path: string, count: number): Promise<readonly Buffer[]> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const length = Math.min(size, TAIL_BYTES)
    const position = size - length
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(length), position })
    const lines = linesIn(buffer.subarray(0, bytesRead))
    // The first one may have begun earlier.
    return lines.slice(position > 0 ? 1 : 0).slice(-count)
  } finally {
    await file.close()
  }
}

function linesIn(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = []
  let from = 0
  for (let to = bytes.indexOf('\n'); to !== -1; to = bytes.indexOf('\n', from)) {
    lines.push(bytes.subarray(from, to))
    from = to + 1
  }
  return lines
}
