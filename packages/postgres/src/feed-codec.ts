import { decodeRevocation, encodeRevocation, type FeedNews, type Revocation } from '@sallyport/core/store'

/** A revocation as statements take and give it: base64 of its bytes, which may be any. */
export function encodeEntry(revocation: Revocation): string {
  return Buffer.from(encodeRevocation(revocation)).toString('base64')
}

/** What the strings of revocations begin with. */
const ENTRY = /^[sgjkua]:/

/** Reads what {@link encodeEntry} made; `undefined` for anything else. */
function decodeEntry(encoded: string): Revocation | undefined {
  const text = Buffer.from(encoded, 'base64').toString()
  if (!ENTRY.test(text)) return undefined
  const revocation = decodeRevocation(text)
  const isDamaged =
    (revocation.kind === 'generation' && !Number.isSafeInteger(revocation.generation)) ||
    (revocation.kind === 'subject' && !Number.isSafeInteger(revocation.notBefore)) ||
    (revocation.kind === 'all' && !Number.isSafeInteger(revocation.until))
  return isDamaged ? undefined : revocation
}

export function decodeEntries(encoded: readonly string[]): readonly Revocation[] {
  return encoded.map(decodeEntry).filter((one) => one !== undefined)
}

/** A digest as statements give it. */
export function readDigest(text: unknown): bigint {
  return BigInt(String(text))
}

const INTEGER = /^-?\d{1,19}$/
const ANNOUNCEMENT = 'R'

/** Reads the announcement of `Feeds`; `undefined` for anything else, since others may notify the channel. */
export function readAnnouncement(payload: string): FeedNews | undefined {
  if (!payload.startsWith(ANNOUNCEMENT)) return undefined
  try {
    const { shard, epoch, digest, position, told, entries } = Object(JSON.parse(payload.slice(1)))
    if (!Number.isSafeInteger(shard) || !Number.isSafeInteger(position)) return undefined
    if (!INTEGER.test(digest) || !INTEGER.test(told) || !Array.isArray(entries)) return undefined
    return {
      kind: 'revoked',
      shard,
      mark: { epoch: String(epoch), digest: BigInt(digest), position },
      revocations: decodeEntries(entries.map(String)),
      digest: BigInt(told),
    }
  } catch {
    return undefined
  }
}
