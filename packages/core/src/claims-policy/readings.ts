const BASE64 = [/[A-Za-z0-9+/]{8,}/g, /[A-Za-z0-9_-]{8,}/g]

/** A text as it is read: one spelling for what looks alike, without what is not seen, then what it says decoded. */
export function readingsOf(text: string): readonly string[] {
  const plain = folded(text)
  const unescaped = percentDecoded(percentDecoded(plain))
  const base64 = BASE64.flatMap((run) => [...unescaped.matchAll(run)].map(([found]) => found))
  const decoded = [...new Set(base64)].flatMap((run) => base64Decoded(run) ?? [])
  return [...new Set([plain, unescaped, ...decoded])]
}

/** Full-width digits, soft hyphens, dashes and spaces of all kinds: Unicode's compatibility form and plain ASCII. */
function folded(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
    .replace(/[\p{Pd}\u2212]/gu, '-')
    .replace(/\s/g, ' ')
}

/** What is no UTF-8 does not hide its neighbours. */
function percentDecoded(text: string): string {
  return text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (bytes) =>
    folded(Buffer.from(bytes.replaceAll('%', ''), 'hex').toString()),
  )
}

/** The text that Base64 of either alphabet holds; `undefined` where the bytes are no UTF-8, as with ids and hashes. */
function base64Decoded(run: string): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(run, 'base64'))
    return percentDecoded(folded(text))
  } catch {
    return undefined
  }
}

const UUID = /\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/gi
const INSTANT =
  /\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)?(?![\w-])/gi
const DATE = /(?<![\w+-])(?:0?[1-9]|[12]\d|3[01])([./-])(?:0?[1-9]|[12]\d|3[01])\1(?:19|20)\d\d(?![\w-])/g
const HARDWARE_ADDRESS = /\b[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}\b/gi

/** Without the numbers that have a form of their own: ids, instants and hardware addresses. */
export function withoutKnownNumbers(text: string): string {
  return text.replace(UUID, ';').replace(INSTANT, ';').replace(DATE, ';').replace(HARDWARE_ADDRESS, ';')
}
