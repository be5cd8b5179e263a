import { readHeads, readTrail } from '@sallyport/audit'

const PART = /^(.+)\.\d{8}T\d{6}-[0-9a-f]{12}(?:\.\d{6,})?(\.[^./\\]+?)??(?:\.head|\.removed)?$/

/** The path of the trail that a file is a part of, by its name; `undefined` if it is not called like a part. */
export function trailOf(path: string): string | undefined {
  const [, stem, extension = ''] = PART.exec(path) ?? []
  return stem === undefined ? undefined : stem + extension
}

export function isPartOf(path: string, trail: string): string {
  return `${path} is only a part of a trail: give the path of the trail, which is ${trail}`
}

/**
 * Whether there is a trail: at least a head or a line. Rejects with what the system says if a file or its directory
 * can't be read.
 */
export async function isTrailAt(path: string): Promise<boolean> {
  const { heads, damaged } = await readHeads(path)
  if (heads.length + damaged.length > 0) return true
  // A trail that was saved from a stream has no heads.
  const reader = readTrail(path)
  for await (const _event of reader.read()) return true
  return reader.unreadable > 0
}

export function noTrailAt(path: string): string {
  return `there is no audit trail at ${path}`
}
