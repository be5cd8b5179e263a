import type { Access, AccessPolicy, AccessVerdict } from '../access/verify.ts'
import { ConfigError, describeValue, unknownOption } from '../errors.ts'
import type { Decision, RequestView } from '../seam/http.ts'
import { refusal } from './answer.ts'
import { readBearer } from './bearer.ts'

/** What a protected route may choose for itself. */
export interface VerifyOptions {
  /**
   * What to do with a genuine token that is not known to be revoked, while this process's copy of the revocations is
   * too old and the store does not answer. `refuse` answers 503. `allow` lets the request through and emits
   * `decision.degraded`. Default `refuse`.
   */
  readonly whenUnavailable?: 'refuse' | 'allow' | undefined
}

/** Verifies one request. Returns a promise only if a signature has to be checked or the store has to be asked. */
export type Verify = (view: RequestView) => Decision | Promise<Decision>

export interface Protection {
  /**
   * Makes the check of a protected route. It returns `allow`, or `refuse` with a complete answer. A missing, bad or
   * revoked token is refused, and so is every token while a store that has to be asked does not answer.
   *
   * Does NOT check scopes: put a guard behind it. Throws a `ConfigError` for a wrong option.
   *
   * @see [RFC 6750, section 3](https://www.rfc-editor.org/rfc/rfc6750.html#section-3)
   */
  verifier(options?: VerifyOptions): Verify
  /** The check of the library's own routes, which accept only tokens of this deployment. */
  readonly own: Verify
}

export function createProtection(access: Access): Protection {
  function verify(view: RequestView, policy: AccessPolicy): Decision | Promise<Decision> {
    const credential = readBearer(view)
    switch (credential.kind) {
      case 'token': {
        const verdict = access.verify(credential.token, view, policy)
        return verdict instanceof Promise ? verdict.then(decisionOf) : decisionOf(verdict)
      }
      case 'none':
        return decisionOf(access.refuse('token_missing', view))
      case 'repeated':
        return decisionOf(access.refuse('authorization_repeated', view))
      case 'malformed':
        return decisionOf(access.refuse('token_malformed', view))
    }
  }

  const ownOnly: AccessPolicy = { ownOnly: true, whenUnavailable: 'refuse' }
  return {
    own: (view) => verify(view, ownOnly),
    verifier(options = {}) {
      const policy: AccessPolicy = { ownOnly: false, ...parse(options) }
      return (view) => verify(view, policy)
    },
  }
}

function decisionOf(verdict: AccessVerdict): Decision {
  return verdict.kind === 'allow' ? verdict : { kind: 'refuse', answer: refusal(verdict.problem, verdict) }
}

function parse(given: VerifyOptions): Required<Pick<AccessPolicy, 'whenUnavailable'>> {
  const { whenUnavailable = 'refuse', ...unknown } = given
  const [name] = Object.keys(unknown)
  if (name !== undefined) throw unknownOption(`authMiddleware.${name}`, ['whenUnavailable'])
  if (whenUnavailable !== 'refuse' && whenUnavailable !== 'allow')
    throw new ConfigError(
      'authMiddleware.whenUnavailable',
      'one of "refuse", "allow"',
      describeValue(whenUnavailable),
    )
  return { whenUnavailable }
}
