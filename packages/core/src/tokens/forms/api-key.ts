import { hash } from 'node:crypto'
import type { Random } from '../../ports/clock.ts'
import { type ApiKeyId, apiKeyIdFrom, type SubjectTag } from '../../ports/ids.ts'

/** What an API key consists of, apart from its checksum. */
export interface ApiKeyParts {
  /** Where its record is. */
  readonly tag: SubjectTag
  readonly id: ApiKeyId
  /** The SHA-256 of its secret. */
  readonly digest: Uint8Array
}

/** The beginning of every API key, by which scanners recognise one that was published by mistake. */
export const API_KEY_PREFIX = 'spk_'
const ID_PREFIX_CHARS = 4
const TAG_BYTES = 12
const SECRET_AT = TAG_BYTES + 16
const SECRET_BYTES = 32
const CHECKSUM_AT = SECRET_AT + SECRET_BYTES
const CHECKSUM_BYTES = 3
/** 63 bytes have no unused bits in base64url, so each key has one spelling. */
const API_KEY = /^spk_[A-Za-z0-9_-]{84}$/

/** Makes the string of an API key, from a new secret of 256 bits. Nothing keeps it. */
export function mintApiKey(
  { tag, id }: Pick<ApiKeyParts, 'tag' | 'id'>,
  random: Random,
): { readonly key: string; readonly digest: Uint8Array } {
  const secret = Buffer.from(random(SECRET_BYTES))
  const body = Buffer.concat([
    Buffer.from(tag, 'base64url'),
    Buffer.from(id.slice(ID_PREFIX_CHARS), 'base64url'),
    secret,
  ])
  const bytes = Buffer.concat([body, checksumOf(body)])
  return { key: API_KEY_PREFIX + bytes.toString('base64url'), digest: digestOf(secret) }
}

/** Reads the string of an API key; `undefined` for anything else. Does NOT check whether there is such a key. */
export function parseApiKey(text: string): ApiKeyParts | undefined {
  if (!API_KEY.test(text)) return undefined
  const bytes = Buffer.from(text.slice(API_KEY_PREFIX.length), 'base64url')
  // A typing error, or what only looks like a key, is not worth a question to the store.
  if (!checksumOf(bytes.subarray(0, CHECKSUM_AT)).equals(bytes.subarray(CHECKSUM_AT))) return undefined
  return {
    tag: bytes.toString('base64url', 0, TAG_BYTES) as SubjectTag,
    id: apiKeyIdFrom(bytes.toString('base64url', TAG_BYTES, SECRET_AT)),
    digest: digestOf(bytes.subarray(SECRET_AT, CHECKSUM_AT)),
  }
}

/**
 * No slow hash, and no key: nobody can guess 256 random bits. Under a key that is derived from `secret`, API keys would
 * end when the secret is replaced.
 */
function digestOf(secret: Uint8Array): Uint8Array {
  return new Uint8Array(hash('sha256', secret, 'buffer'))
}

function checksumOf(body: Uint8Array): Buffer {
  return hash('sha256', body, 'buffer').subarray(0, CHECKSUM_BYTES)
}
