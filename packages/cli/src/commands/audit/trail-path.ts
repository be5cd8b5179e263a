const PART = /^(.+)\.\d{8}T\d{6}-[0-9a-f]{12}(?:\.\d{6,})?(\.[^./\\]+?)??(?:\.head|\.removed)?$/

/** The path of the trail that a file is a part of, by its name; `undefined` if it is not called like a part. */
export function trailOf(path: string): string | undefined {
  const [, stem, extension = ''] = PART.exec(path) ?? []
  return stem === undefined ? undefined : stem + extension
}

export function isPartOf(path: string, trail: string): string {
  return `${path} is only a part of a trail: give the path of the trail, which is ${trail}`
}
