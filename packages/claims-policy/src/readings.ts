const BASE64 = [/[A-Za-z0-9+/]{8,}/g, /[A-Za-z0-9_-]{8,}/g]

/** The forms in which a string is searched: normalized, percent-decoded up to twice, and decoded from Base64. */
export function readingsOf(text: string): readonly string[] {
  const normal = normalized(text)
  const unescaped = percentDecoded(percentDecoded(normal))
  const base64 = BASE64.flatMap((run) => [...unescaped.matchAll(run)].map(([found]) => found))
  const decoded = [...new Set(base64)].flatMap((run) => base64Decoded(run) ?? [])
  return [...new Set([normal, unescaped, ...decoded])]
}

/** Unifies characters that look alike, such as full-width digits, dashes and spaces, and removes invisible ones. */
function normalized(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
    .replace(/[\p{Pd}\u2212]/gu, '-')
    .replace(/\s/g, ' ')
}

/** Invalid UTF-8 gives replacement characters, so that it does not hide its neighbours. */
function percentDecoded(text: string): string {
  return text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (bytes) =>
    normalized(Buffer.from(bytes.replaceAll('%', ''), 'hex').toString()),
  )
}

/** The string in a run of Base64 of either alphabet. Bytes that are not UTF-8, such as those of a hash, give none. */
function base64Decoded(run: string): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(run, 'base64'))
    return percentDecoded(normalized(text))
  } catch {
    return undefined
  }
}

const UUID = /\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/gi
const INSTANT =
  /\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)?(?![\w-])/gi
const DATE = /(?<![\w+-])(?:0?[1-9]|[12]\d|3[01])([./-])(?:0?[1-9]|[12]\d|3[01])\1(?:19|20)\d\d(?![\w-])/g
const HARDWARE_ADDRESS = /\b[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}\b/gi

/** Puts a semicolon in place of each UUID, instant, date and hardware address, because their digits are harmless. */
export function withoutKnownNumbers(text: string): string {
  return text.replace(UUID, ';').replace(INSTANT, ';').replace(DATE, ';').replace(HARDWARE_ADDRESS, ';')
}
