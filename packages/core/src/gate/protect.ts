import type { Access, AccessPolicy, AccessVerdict } from '../access/verify.ts'
import type { Decision, RequestView } from '../seam/http.ts'
import type { TokenScheme } from './answers/challenge.ts'
import type { TokenSchemes } from './credentials.ts'
import type { Refuse } from './refuse.ts'

/** What a protected route may choose for itself. */
export interface VerifyOptions {
  /**
   * Whose tokens are accepted: those of this deployment, those of all trusted issuers (option `issuers`) too, or those
   * of the issuers named here. Default `own`; in a service that issues no tokens of its own, `all`.
   */
  readonly issuers?: 'own' | 'all' | readonly string[] | undefined
  /**
   * Whether API keys are accepted beside access tokens. Needs the option `apiKeys`. Default `refuse`: keys open only the
   * routes that were made for programs.
   */
  readonly apiKeys?: 'refuse' | 'accept' | undefined
  /**
   * Lets requests without an access token through, as guests: `findAuth` gives nobody. A bad, expired or revoked token
   * is refused all the same. Default `false`.
   */
  readonly optional?: boolean | undefined
  /**
   * What to do with a genuine token that is not known to be revoked while this process's copy of the revocations is
   * too old and the store does not answer. `refuse` answers 503. `allow` lets the request through, which is told as
   * `decision.degraded`. Default `refuse`.
   */
  readonly whenUnavailable?: 'refuse' | 'allow' | undefined
}

/** {@link VerifyOptions}, parsed. */
export interface VerifySettings extends AccessPolicy {
  readonly optional: boolean
}

/** Checks one request. A promise is given only where a signature has to be checked or the store asked. */
export type Verify = (view: RequestView) => Decision | Promise<Decision>

export interface Protection {
  /**
   * Makes the check of a protected route: `allow`, `guest`, or `refuse` with a finished answer. A missing, bad or
   * revoked token is a refusal, and so is a store that would have to be asked and does not answer.
   *
   * Does NOT check scopes: put a guard behind it. Throws a `ConfigError` for a wrong option.
   *
   * @see [RFC 6750, section 3](https://www.rfc-editor.org/rfc/rfc6750.html#section-3)
   */
  verifier(options?: VerifyOptions): Verify
  /** The check of the library's own routes, which accept only access tokens of this deployment. */
  readonly own: Verify
}

export interface ProtectionParts {
  readonly access: Access
  readonly schemes: TokenSchemes
  readonly parse: (options: VerifyOptions | undefined) => VerifySettings
  /** Refuses requests to the application's routes. */
  readonly refuse: Refuse
  /** Refuses requests to the library's own routes, whose form is the RFCs'. */
  readonly refuseOwn: Refuse
}

const GUEST: Decision = Object.freeze({ kind: 'guest', auth: null })
const OWN: VerifySettings = {
  ...{ issuers: 'own', apiKeys: 'refuse' },
  ...{ optional: false, whenUnavailable: 'refuse' },
}

export function createProtection(parts: ProtectionParts): Protection {
  const { access, schemes, parse, refuse, refuseOwn } = parts

  function create(settings: VerifySettings, refuseBy: Refuse): Verify {
    const decideBy =
      (scheme: TokenScheme) =>
      (verdict: AccessVerdict): Decision => {
        if (verdict.kind === 'allow') return verdict
        const { problem, retryAfterSeconds, headers } = verdict
        return {
          kind: 'refuse',
          answer: refuseBy(problem, { retryAfterSeconds, headers, schemes: schemes.by[scheme] }),
        }
      }
    const decide = { Bearer: decideBy('Bearer'), DPoP: decideBy('DPoP') }
    function decisionOf(
      verdict: AccessVerdict | Promise<AccessVerdict>,
      scheme: TokenScheme = 'Bearer',
    ): Decision | Promise<Decision> {
      return verdict instanceof Promise ? verdict.then(decide[scheme]) : decide[scheme](verdict)
    }

    return (view) => {
      const credential = schemes.read(view)
      switch (credential.kind) {
        case 'token': {
          const { token, scheme } = credential
          const verdict =
            scheme === 'Bearer'
              ? access.verify(token, view, settings)
              : access.verify(token, view, settings, view)
          return decisionOf(verdict, scheme)
        }
        case 'none':
          return settings.optional ? GUEST : decisionOf(access.refuse('token_missing', view))
        case 'repeated':
          return decisionOf(access.refuse('authorization_repeated', view))
        case 'malformed':
          return decisionOf(access.refuse('token_malformed', view), credential.scheme)
      }
    }
  }

  return {
    own: create(OWN, refuseOwn),
    verifier: (options) => create(parse(options), refuse),
  }
}
