import { createHash, hkdfSync } from 'node:crypto'

type NonEmpty<T> = readonly [T, ...T[]]

/** The keys of opaque tokens of one kind. */
export interface OpaqueKeys {
  readonly mac: Uint8Array
  readonly encryption: Uint8Array
}

/** The keys derived from one `secret` in the options, each for a single purpose. */
export interface DerivedKeys {
  /** Identifies the secret without revealing it. Whatever is sealed under the secret carries this id. */
  readonly id: string
  readonly refreshTokens: OpaqueKeys
  readonly keyEncryption: Uint8Array
  readonly fingerprints: Uint8Array
  readonly accessReferences: OpaqueKeys
  readonly accessEncryption: Uint8Array
}

/** Derives the keys of every accepted secret, the current one first (HKDF with SHA-256, RFC 5869). */
export function deriveKeys(secrets: NonEmpty<Uint8Array>): NonEmpty<DerivedKeys> {
  const [current, ...earlier] = secrets
  return [derive(current), ...earlier.map(derive)]
}

function derive(secret: Uint8Array): DerivedKeys {
  const expand = (label: string): Uint8Array =>
    new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(0), `sallyport 1 ${label}`, 32))
  return {
    id: createHash('sha256').update(expand('secret id')).digest('base64url').slice(0, 11),
    refreshTokens: { mac: expand('refresh token MAC'), encryption: expand('refresh token encryption') },
    keyEncryption: expand('signing key encryption'),
    fingerprints: expand('device fingerprint'),
    accessReferences: {
      mac: expand('access reference MAC'),
      encryption: expand('access reference encryption'),
    },
    accessEncryption: expand('access token encryption'),
  }
}
