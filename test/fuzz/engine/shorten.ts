import type { Opened } from '../target.ts'

const MOST_RUNS = 400

/** An input as short as can easily be had that shows the same kind of fault. */
export async function shorten(
  input: Buffer,
  fault: unknown,
  run: Opened['run'],
  kindOf: (fault: unknown) => string,
): Promise<Buffer> {
  const kind = kindOf(fault)
  let best = input
  let left = MOST_RUNS
  for (let size = Math.ceil(input.length / 2); size > 0; size = Math.floor(size / 2))
    for (let at = 0; at < best.length && left > 0; left--) {
      const shorter = Buffer.concat([best.subarray(0, at), best.subarray(at + size)])
      if ((await kindBy(shorter)) === kind) best = shorter
      else at += size
    }
  return best

  async function kindBy(tried: Buffer): Promise<string | undefined> {
    try {
      await run(Buffer.from(tried))
      return undefined
    } catch (other) {
      return kindOf(other)
    }
  }
}
