import { timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../ports/clock.ts'
import type { ApiKey, ApiKeyStore } from '../../ports/optional/api-keys.ts'
import type { AccessClaims } from '../../seam/auth.ts'
import type { OwnSource } from '../source.ts'
import type { VerifiedToken } from '../verify.ts'
import { parseApiKey } from './api-key.ts'

export interface ApiKeyLookUpParts {
  readonly store: Pick<ApiKeyStore, 'read' | 'touch'>
  readonly source: OwnSource
  /** How long a process goes by what it has read of a key: as long as an access token lives. */
  readonly accessSeconds: number
  readonly clock: Clock
}

/**
 * Verifies API keys: reads the record, and compares the secret in constant time. The claims are those of an access token
 * that was issued when the key was created. They end after the lifetime of an access token, and the record is then read
 * again: a revocation is kept for longer than that.
 */
export function createApiKeyLookUp(parts: ApiKeyLookUpParts): (token: string) => Promise<VerifiedToken> {
  const { store, source, clock } = parts

  function claimsOf({ id, subject, scope, createdAt, expiresAt }: ApiKey): AccessClaims {
    const [audience, ...more] = source.audience
    return Object.freeze({
      iss: source.issuer,
      sub: subject,
      aud: more.length === 0 ? audience : Object.freeze([audience, ...more]),
      exp: Math.floor(Math.min(expiresAt / 1000, clock.now() / 1000 + parts.accessSeconds)),
      iat: Math.floor(createdAt / 1000),
      jti: id,
      scope,
    })
  }

  return async (token) => {
    const parsed = parseApiKey(token)
    if (parsed === undefined) return { kind: 'malformed' }
    const { tag, id, digest } = parsed
    const reading = await store.read(tag, id, clock.now())
    if (reading.kind === 'unavailable') return { kind: 'unavailable', of: 'store' }
    if (reading.kind === 'unknown' || !isSame(reading.key.digest, digest))
      return { kind: 'invalid', why: 'api_key' }
    const verified = { claims: claimsOf(reading.key), kid: undefined, source, credential: 'api_key' } as const
    if (verified.claims.exp <= clock.now() / 1000) return { kind: 'expired', ...verified }
    // Nobody waits for it.
    void store.touch(tag, id, clock.now())
    return { kind: 'genuine', ...verified }
  }
}

/** What a store gives may be of any length. */
function isSame(kept: Uint8Array, shown: Uint8Array): boolean {
  return kept.length === shown.length && timingSafeEqual(kept, shown)
}
