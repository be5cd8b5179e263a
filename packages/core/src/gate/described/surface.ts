import type { CertificateSettings } from '../../access/certificates.ts'
import type { OAuthSettings } from '../../access/clients/settings.ts'
import type { Proofs } from '../../access/dpop/index.ts'
import type { BoundKeySettings } from '../../sessions/bound-keys/index.ts'
import type { Required } from '../../watch/audit/required.ts'
import type { CookieSettings } from '../browser/cookies.ts'

/** What the options make of the routes, for a document. */
export interface Surface {
  readonly issuer: string
  /** The path of the option `paths.auth`, such as `/auth`. */
  readonly authPath: string
  /** The name of the refresh cookie. */
  readonly refreshCookie: string
  /** The algorithms of DPoP proofs; `undefined` if none are checked. */
  readonly proofAlgorithms: readonly string[] | undefined
  /** How confidential clients may authenticate; empty if there are none. */
  readonly clientMethods: readonly ('secret' | 'key')[]
  readonly asksForCertificates: boolean
  /** Whether browsers are asked to prove a key of their own (DBSC). */
  readonly bindsBrowserKeys: boolean
  /** Whether a step is refused that the audit trail cannot hold. */
  readonly asksForTrail: boolean
}

export interface SurfaceParts {
  readonly settings: {
    readonly issuer: string
    readonly authPath: string
    readonly cookie: CookieSettings
    readonly boundKeys: BoundKeySettings | undefined
  }
  readonly oauth: { readonly settings: Pick<OAuthSettings, 'clients'> }
  readonly proofs: Pick<Proofs, 'algorithms'> | undefined
  readonly certificates: CertificateSettings | undefined
  readonly required: Required
}

export function surfaceOf({ settings, oauth, proofs, certificates, required }: SurfaceParts): Surface {
  const clients = [...oauth.settings.clients.values()]
  return {
    issuer: settings.issuer,
    authPath: settings.authPath,
    refreshCookie: settings.cookie.name,
    proofAlgorithms: proofs?.algorithms,
    clientMethods: [
      ...(clients.some(({ secrets }) => secrets.length > 0) ? (['secret'] as const) : []),
      ...(clients.some(({ keys }) => keys !== undefined) ? (['key'] as const) : []),
    ],
    asksForCertificates: certificates?.mode === 'required',
    bindsBrowserKeys: settings.boundKeys !== undefined,
    asksForTrail: required.isOn,
  }
}
