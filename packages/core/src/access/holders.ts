import type { Clock } from '../ports/clock.ts'
import type { OnceStore } from '../ports/optional/once.ts'
import { type CertificateOf, type CertificateSettings, createCertificates } from './certificates.ts'
import { createProofs, type DpopSettings, type Proofs } from './dpop/index.ts'
import { type CheckPossession, createPossession, type PossessionParts } from './possession.ts'

/** What shows that whoever sends a token is its holder. */
export interface Holders {
  /** `undefined` if no DPoP proofs are checked. */
  readonly proofs: Proofs | undefined
  readonly certificateOf: CertificateOf
  /** `undefined` if no certificates are looked at. */
  readonly certificates: CertificateSettings | undefined
  readonly possession: CheckPossession
}

export interface HoldersParts extends Pick<PossessionParts, 'fingerprintOf'> {
  readonly settings: {
    readonly dpop: DpopSettings | undefined
    readonly mtls: CertificateSettings | undefined
  }
  readonly once: OnceStore | undefined
  /** The current one first. */
  readonly nonceKeys: readonly [Uint8Array, ...Uint8Array[]]
  readonly clock: Clock
  readonly notice: (message: string) => void
}

/** Throws a `ConfigError` if the store cannot remember which proofs were used. */
export function createHolders(parts: HoldersParts): Holders {
  const { settings, fingerprintOf } = parts
  const proofs = createProofs(settings.dpop, parts)
  const certificateOf = createCertificates(settings.mtls)
  const possession = createPossession({ proofs, certificateOf, fingerprintOf })
  return { proofs, certificateOf, certificates: settings.mtls, possession }
}
