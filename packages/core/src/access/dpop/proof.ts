import { hash } from 'node:crypto'
import type { Clock } from '../../ports/clock.ts'
import type { OnceMark, OnceName, OnceOutcome, OnceStore } from '../../ports/optional/once.ts'
import type { Unavailable } from '../../ports/outcome.ts'
import type { HeaderFields, RequestView } from '../../seam/http.ts'
import type { ProofClaims } from '../../tokens/claims.ts'
import type { ReadProof, SignedProofFault } from '../../tokens/proofs/signed-proof.ts'
import { NONCE_LIFETIME_MS, type Nonces, type ReadNonce } from './nonce.ts'
import { canonicalUrl, type Origins, urlsOf } from './target-url.ts'

/** What is wrong with a proof. The client is not told; events are. */
export type ProofFault = 'repeated' | SignedProofFault | 'method' | 'url' | 'time' | 'token'

export type ProofOutcome =
  | {
      readonly kind: 'proved'
      /** The thumbprint of the key that was proved to be held. */
      readonly jkt: string
      /** The next nonce, if it is time to tell the client. */
      readonly nonce: string | undefined
    }
  /** The request has no `DPoP` header. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'invalid'; readonly why: ProofFault }
  /** The proof has no nonce, or one that can't be used any more. */
  | { readonly kind: 'use_nonce'; readonly nonce: string }
  | { readonly kind: 'replayed' }
  | Unavailable

/** The access token beside which a proof was sent. */
export interface ProvedToken {
  readonly token: string
  /** The thumbprint of the key to which the token is bound. */
  readonly jkt: string
}

/**
 * Checks the proof of a request as RFC 9449, section 4.3, says, and that no other request used it before. A proof is used
 * up by that, so this is asked when all else about the request is good.
 *
 * @param beside `undefined` where no access token is used, such as at sign-in: any key will do then
 */
export type CheckProof = (view: RequestView, beside: ProvedToken | undefined) => Promise<ProofOutcome>

export interface ProofParts {
  readonly readProof: ReadProof
  /** `undefined`: proofs need no nonce. */
  readonly nonces: Nonces | undefined
  readonly once: OnceStore
  readonly windowMs: number
  readonly origins: Origins
  /** Called with the URL that a proof names where it is of another origin than the request. */
  readonly onOtherOrigin: (named: string, view: RequestView) => void
  readonly clock: Pick<Clock, 'now'>
}

/** As of tokens: a client whose clock is ahead, or that rounds up. */
const MAX_AHEAD_MS = 5000
/** A proof is remembered for longer than any process accepts it, whose clocks agree by so much at least. */
const CLOCKS_APART_MS = 30_000
const NAME_CHARS = 22

/** The mark that a request has made for its proof. */
interface Marked {
  readonly name: OnceName
  readonly outcome: Promise<OnceOutcome>
}

export function createProofCheck(parts: ProofParts): CheckProof {
  const { readProof, nonces, once, windowMs, origins, onOtherOrigin, clock } = parts
  // Each middleware makes a view of its own. What all views of a request share are its header fields.
  const marked = new WeakMap<HeaderFields, Marked>()

  /** Marks a proof for a request. Whatever else checks the same request, such as a second middleware, gets the same. */
  function markFor({ headers }: RequestView, mark: OnceMark): Promise<OnceOutcome> {
    const known = marked.get(headers)
    if (known?.name === mark.name) return known.outcome
    const outcome = once.mark(mark)
    marked.set(headers, { name: mark.name, outcome })
    return outcome
  }

  function isForUrl(htu: string, view: RequestView): boolean {
    const named = canonicalUrl(htu)
    if (named === undefined) return false
    const urls = urlsOf(view, origins)
    if (urls.includes(named)) return true
    const { origin } = new URL(named)
    if (urls.every((url) => new URL(url).origin !== origin)) onOtherOrigin(origin, view)
    return false
  }

  /**
   * Until when a proof can be used, in milliseconds since the epoch; `undefined` if it is over, or early. A nonce says
   * when it was made at the earliest, so that the client's clock may be wrong (RFC 9449, section 4.3, step 11).
   */
  function usableUntil(claims: ProofClaims, nonce: ReadNonce | undefined, now: number): number | undefined {
    const { iat, exp = Number.POSITIVE_INFINITY, nbf = 0 } = claims
    if (exp * 1000 <= now || nbf * 1000 > now + MAX_AHEAD_MS) return undefined
    if (nonce !== undefined) return nonce.madeAt + NONCE_LIFETIME_MS
    const until = iat * 1000 + windowMs
    return until < now || iat * 1000 > now + MAX_AHEAD_MS ? undefined : until
  }

  return async (view, beside) => {
    const { dpop } = view.headers
    if (dpop === undefined) return { kind: 'absent' }
    // Repeated headers arrive joined by a comma, which no proof has.
    if (typeof dpop !== 'string' || dpop.includes(',')) return invalid('repeated')
    const reading = await readProof(dpop, beside?.jkt)
    if (reading.kind === 'invalid') return reading
    const { claims, jkt } = reading
    if (claims.htm !== view.method) return invalid('method')
    if (!isForUrl(claims.htu, view)) return invalid('url')
    if (beside !== undefined && claims.ath !== hash('sha256', beside.token, 'base64url'))
      return invalid('token')
    const nonce = nonces?.read(claims.nonce ?? '')
    if (nonces !== undefined && nonce === undefined) return { kind: 'use_nonce', nonce: nonces.current() }
    const now = clock.now()
    const until = usableUntil(claims, nonce, now)
    if (until === undefined) return invalid('time')

    // Last, so that nobody can use up a proof that is refused (RFC 9449, section 11.1).
    const keptMs = until - now + CLOCKS_APART_MS
    const outcome = await markFor(view, { name: nameOf(jkt, claims.jti), keptMs, at: now })
    switch (outcome.kind) {
      case 'first':
        return { kind: 'proved', jkt, nonce: nonce?.isOld === true ? nonces?.current() : undefined }
      case 'seen':
        return { kind: 'replayed' }
      case 'unavailable':
        return outcome
    }
  }
}

function invalid(why: ProofFault): ProofOutcome {
  return { kind: 'invalid', why }
}

/**
 * By key and `jti` alone, so that no other spelling of the request makes it another proof. There is no key in the hash:
 * while a new secret is rolled out, processes must agree on the name.
 */
function nameOf(jkt: string, jti: string): OnceName {
  return hash('sha256', `sallyport proof\0${jkt}\0${jti}`, 'base64url').slice(0, NAME_CHARS) as OnceName
}
