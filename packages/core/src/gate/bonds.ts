import type { CertificateOf, CertificateSettings } from '../access/certificates.ts'
import type { Proofs } from '../access/dpop/index.ts'
import { possessionBy } from '../access/possession.ts'
import type { BoundTo, Transport } from '../ports/session.ts'
import type { ProblemCode } from '../problems.ts'
import type { Callers } from '../seam/caller.ts'
import type { Answer, RequestView } from '../seam/http.ts'
import { type Bond, holds } from '../sessions/tokens/bond.ts'
import type { Emit } from '../watch/events.ts'
import type { RefusalDetails } from './answers/answer.ts'
import type { Fingerprint, Fingerprints } from './browser/fingerprint.ts'
import type { Refused } from './refuse.ts'

/** What a request has shown that its client has. */
export interface Shown {
  readonly kind: 'shown'
  readonly boundTo: BoundTo
  /** Belongs on the answer, beside the refresh cookie, and lives as long. */
  readonly fingerprint: Fingerprint | undefined
  /** Belong on the answer. */
  readonly headers: Answer['headers']
}

export interface BondRefused extends Refused {
  readonly kind: 'refused'
}

/** Binds sessions to what their clients have: a key (DPoP), a certificate (mTLS), a cookie. */
export interface Bonds {
  /** What a new session is bound to. Uses up the proof. */
  ofSignIn(view: RequestView, transport: Transport): Promise<Shown | BondRefused>
  /** Whether a request shows what a refresh token asks for. Uses up the proof. */
  ofRefresh(view: RequestView, bond: Bond): Promise<Shown | BondRefused>
}

export interface BondsParts {
  readonly proofs: Proofs | undefined
  readonly certificateOf: CertificateOf
  readonly certificates: CertificateSettings | undefined
  readonly fingerprints: Fingerprints
  readonly emit: Emit
  readonly callers: Callers
}

type Proved = Pick<Shown, 'headers'> & { readonly jkt: string | undefined }

const UNPROVED: Proved = { jkt: undefined, headers: {} }
/** There is no challenge at a token endpoint (RFC 6749, section 5.2; RFC 9449, section 5). */
const AT_TOKEN_ENDPOINT: RefusalDetails = { status: 400, challenge: 'none' }

export function createBonds(parts: BondsParts): Bonds {
  const { proofs, certificateOf, certificates, fingerprints, emit, callers } = parts

  function refused(
    view: RequestView,
    problem: ProblemCode,
    details: RefusalDetails = {},
    reason: string | undefined = problem,
  ): BondRefused {
    if (reason !== undefined) emit({ event: 'request.refused', outcome: 'failure', reason }, callers.of(view))
    return { ...details, kind: 'refused', problem }
  }

  /** Checks the proof of a request, which must have one. */
  async function prove(view: RequestView): Promise<Proved | BondRefused> {
    const outcome = proofs === undefined ? { kind: 'absent' as const } : await proofs.ofSignIn(view)
    const possessed = possessionBy(outcome)
    if (possessed.kind === 'held')
      return { jkt: outcome.kind === 'proved' ? outcome.jkt : undefined, headers: possessed.headers ?? {} }
    const { problem, reason, headers } = possessed
    const details = problem === 'store_unavailable' ? {} : { ...AT_TOKEN_ENDPOINT, headers }
    // A client that has a nonce to learn is nothing to tell of.
    if (problem === 'dpop_nonce') return { ...details, kind: 'refused', problem }
    return refused(view, problem, details, reason)
  }

  return {
    async ofSignIn(view, transport) {
      const needsProof =
        proofs?.mode === 'required' || (proofs !== undefined && view.headers.dpop !== undefined)
      const proof = needsProof ? await prove(view) : UNPROVED
      if ('kind' in proof) return proof
      const x5t = certificateOf(view)
      if (x5t === undefined && certificates?.mode === 'required') return refused(view, 'certificate_missing')
      const fingerprint = transport === 'cookie' ? fingerprints.make() : undefined
      const boundTo = { jkt: proof.jkt, x5t, fgp: fingerprint?.fgp }
      return { kind: 'shown', boundTo: defined(boundTo), fingerprint, headers: proof.headers }
    },
    async ofRefresh(view, bond) {
      const needsProof = bond.members.includes('jkt')
      const proof = needsProof ? await prove(view) : UNPROVED
      if ('kind' in proof) return proof
      const fingerprint = bond.members.includes('fgp') ? fingerprints.of(view) : undefined
      const boundTo = defined({ jkt: proof.jkt, x5t: certificateOf(view), fgp: fingerprint?.fgp })
      if (holds(bond, boundTo)) return { kind: 'shown', boundTo, fingerprint, headers: proof.headers }
      return needsProof
        ? refused(view, 'dpop_invalid', AT_TOKEN_ENDPOINT, 'dpop_holder')
        : refused(view, 'refresh_unproven')
    },
  }
}

function defined({ jkt, x5t, fgp }: { [Member in keyof BoundTo]: string | undefined }): BoundTo {
  return {
    ...(jkt === undefined ? {} : { jkt }),
    ...(x5t === undefined ? {} : { x5t }),
    ...(fgp === undefined ? {} : { fgp }),
  }
}
