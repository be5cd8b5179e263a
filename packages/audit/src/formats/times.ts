/** Every format says early in a line when the event happened: in ISO 8601, or in milliseconds. */
const TIMES: readonly RegExp[] = [
  /^\{"(?:time|@timestamp)":"([^"]{1,40})"/,
  /^\{"time":(\d{1,15})[,}]/,
  /^CEF:0\|.{0,300}\| ?rt=(\d{1,15})(?: |$)/,
]
/** Longer than all that stands in front of a time. */
const MAX_CHARS = 400

/** When the event of a line happened, in ISO 8601 and UTC; `undefined` if the line does not say so. */
export function timeOfLine(line: Buffer): string | undefined {
  const start = line.toString('latin1', 0, MAX_CHARS)
  const [, text] = TIMES.map((pattern) => pattern.exec(start)).find((found) => found !== null) ?? []
  if (text === undefined) return undefined
  const date = new Date(/^\d+$/.test(text) ? Number(text) : text)
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}
