import { ConfigError, describeValue } from '../../errors.ts'
import type { Clock } from '../../ports/clock.ts'
import type { OnceStore } from '../../ports/optional/once.ts'
import type { RequestView } from '../../seam/http.ts'
import { PROOF_ALGORITHMS } from '../../tokens/proofs/holder.ts'
import { createProofReader } from '../../tokens/proofs/signed-proof.ts'
import { createNonces } from './nonce.ts'
import { createProofCheck, type ProofOutcome, type ProvedToken } from './proof.ts'
import type { Origins } from './target-url.ts'

export interface DpopSettings {
  /** `required`: every sign-in has to have a proof. Tokens that were issued without one are accepted all the same. */
  readonly mode: 'accepted' | 'required'
  readonly nonces: 'off' | 'required'
  readonly windowMs: number
  readonly origins: Origins
}

/** Checks DPoP proofs (RFC 9449). */
export interface Proofs {
  readonly mode: DpopSettings['mode']
  /** The algorithms of proofs, as challenges and the metadata name them. */
  readonly algorithms: readonly string[]
  /**
   * Checks the proof beside an access token: that whoever sent the request holds the key to which the token is bound. The
   * token must have been verified.
   */
  ofToken(view: RequestView, token: ProvedToken): Promise<ProofOutcome>
  /** Checks the proof of a sign-in, a refresh or a request to the token endpoint, which may be by any key. */
  ofSignIn(view: RequestView): Promise<ProofOutcome>
}

export interface ProofsParts {
  /** `undefined` if the store keeps none. */
  readonly once: OnceStore | undefined
  /** The current one first. */
  readonly nonceKeys: readonly [Uint8Array, ...Uint8Array[]]
  readonly clock: Clock
  readonly notice: (message: string) => void
}

const MAX_ORIGINS_TOLD = 20

/**
 * Makes the check of proofs; `undefined` if the application wants none. Throws a `ConfigError` if the store cannot
 * remember which proofs were used.
 */
export function createProofs(settings: DpopSettings | undefined, parts: ProofsParts): Proofs | undefined {
  if (settings === undefined) return undefined
  const { once, nonceKeys, clock, notice } = parts
  if (once === undefined)
    throw new ConfigError('store', {
      sentence: '"store" cannot remember which proofs were used, which the option "dpop" needs',
    })
  const check = createProofCheck({
    ...settings,
    ...{ once, clock, readProof: createProofReader(), onOtherOrigin: createAdvice(notice) },
    nonces: settings.nonces === 'required' ? createNonces(nonceKeys, clock) : undefined,
  })
  return {
    mode: settings.mode,
    algorithms: PROOF_ALGORITHMS,
    ofToken: check,
    ofSignIn: (view) => check(view, undefined),
  }
}

/** Tells once for each origin that proofs are for another one. Behind a proxy, all of them may be. */
function createAdvice(notice: (message: string) => void): (named: string, view: RequestView) => void {
  const told = new Set<string>()
  return (named, { host, secure }) => {
    if (told.size >= MAX_ORIGINS_TOLD || told.has(named)) return
    told.add(named)
    notice(
      `a DPoP proof for ${describeValue(named)} was refused (Host: ${describeValue(host)}, TLS: ${secure ? 'yes' : 'no'}): ` +
        'if clients reach this server there, trust the proxy in your framework, or name the origin in "dpop.origins"',
    )
  }
}
