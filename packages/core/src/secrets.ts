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
  readonly storedGrants: Uint8Array
  readonly counters: Uint8Array
  readonly knownDevices: Uint8Array
  readonly sightings: Uint8Array
  readonly proofNonces: Uint8Array
  readonly boundKeys: OpaqueKeys
  readonly documents: Uint8Array
}

/**
 * Derives the keys of every accepted secret, the current one first (HKDF with SHA-256, RFC 5869). Those of opaque tokens,
 * stored grants, counters, known devices, sightings, nonces and documents depend on the issuer, too: what they make is good only at
 * the deployment that made it, whatever else it shares.
 */
export function deriveKeys(secrets: NonEmpty<Uint8Array>, issuer: string): NonEmpty<DerivedKeys> {
  const [current, ...earlier] = secrets
  return [derive(current, issuer), ...earlier.map((secret) => derive(secret, issuer))]
}

/** The keys for one purpose, of every secret. */
export function keysFor<Purpose extends keyof DerivedKeys>(
  [current, ...earlier]: NonEmpty<DerivedKeys>,
  purpose: Purpose,
): NonEmpty<DerivedKeys[Purpose]> {
  return [current[purpose], ...earlier.map((keys) => keys[purpose])]
}

function derive(secret: Uint8Array, issuer: string): DerivedKeys {
  const expand = (label: string): Uint8Array =>
    new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(0), `sallyport 1 ${label}`, 32))
  return {
    id: createHash('sha256').update(expand('secret id')).digest('base64url').slice(0, 11),
    refreshTokens: {
      mac: expand(`refresh token MAC ${issuer}`),
      encryption: expand(`refresh token encryption ${issuer}`),
    },
    keyEncryption: expand('signing key encryption'),
    fingerprints: expand('device fingerprint'),
    accessReferences: {
      mac: expand(`access reference MAC ${issuer}`),
      encryption: expand(`access reference encryption ${issuer}`),
    },
    accessEncryption: expand('access token encryption'),
    storedGrants: expand(`stored grant MAC ${issuer}`),
    counters: expand(`counter name ${issuer}`),
    knownDevices: expand(`known device MAC ${issuer}`),
    sightings: expand(`sighting name ${issuer}`),
    proofNonces: expand(`DPoP nonce ${issuer}`),
    boundKeys: {
      mac: expand(`bound key MAC ${issuer}`),
      encryption: expand(`bound key encryption ${issuer}`),
    },
    documents: expand(`document encryption ${issuer}`),
  }
}
