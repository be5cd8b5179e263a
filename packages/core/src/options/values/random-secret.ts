const BASE64 = /^[A-Za-z0-9+/_-]{43,}={0,2}$/
const HEX = /^(?:[0-9a-f]{64,}|[0-9A-F]{64,})$/
/** 43 characters of base64 that are random have 20 different ones but once in a million; 64 hex digits have 12. */
const MIN_DISTINCT_BASE64 = 20
const MIN_DISTINCT_HEX = 12
/** Longest first: what is left of a string without them must still be long enough. */
const WORDS =
  /change[-_]?me|your|secret|password|passwd|example|default|insecure|string|bits?|long|least|keyboard|cat|qwerty|test|dev|key|jwt|256|512|0123456789|abcdefghijklmnopqrstuvwxyz|1234567890/gi
const MIN_CHARS_BESIDE_WORDS = 32

/** Whether a string looks like 32 random bytes or more in base64, base64url or hex, not like something made up. */
export function looksRandom(secret: string): boolean {
  if (!secret.replace(WORDS, '').match(new RegExp(`^.{${MIN_CHARS_BESIDE_WORDS},}$`))) return false
  const distinct = new Set(secret).size
  return HEX.test(secret)
    ? distinct >= MIN_DISTINCT_HEX
    : BASE64.test(secret) && distinct >= MIN_DISTINCT_BASE64
}
