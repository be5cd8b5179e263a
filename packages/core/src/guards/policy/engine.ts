/** Who asks. */
export interface PolicyPrincipal {
  /**
   * Names the subject among those of all issuers: as it is for a subject of this deployment; for another, its issuer and a
   * space come first.
   */
  readonly id: string
  readonly issuer: string
  /** Whether this deployment issued the token. */
  readonly own: boolean
  /** As its issuer names it. */
  readonly subject: string
  readonly session: string | undefined
  readonly client: string | undefined
  /** The token's claim `roles`. */
  readonly roles: readonly string[]
  readonly scopes: readonly string[]
  readonly claims: Readonly<Record<string, unknown>>
}

/** What somebody wants to act on. */
export interface PolicyResource {
  /** The kind of resource, such as `document`. */
  readonly type: string
  /** Which one. Default: none in particular, such as for a list. */
  readonly id?: string | undefined
  /** What policies may ask about it: plain JSON. Default: nothing. */
  readonly attributes?: Readonly<Record<string, unknown>> | undefined
}

/** The circumstances. */
export interface PolicyEnvironment {
  /** ISO 8601, UTC. */
  readonly time: string
  /** The client's address, in canonical form. */
  readonly ip: string | undefined
  readonly method: string
  /** The path as it was sent, without its query, and not normalized. */
  readonly path: string
  readonly userAgent: string | undefined
}

/** The question whether a caller may do something. */
export interface PolicyRequest {
  readonly principal: PolicyPrincipal
  /** Such as `document:edit`. */
  readonly action: string
  readonly resource: PolicyResource
  readonly environment: PolicyEnvironment
}

/** What an engine decides. */
export interface PolicyDecision {
  readonly kind: 'permit' | 'deny'
  /** The policies that decided it, by the names that people find them under, for the audit trail. */
  readonly policy?: string | undefined
  /** The engine's own id of this decision, by which its log has it. */
  readonly id?: string | undefined
  /** Of a denial: why, as a code, such as `no_policy` or `policy_error`. Default `access_denied`. */
  readonly reason?: string | undefined
}

/**
 * Decides by policies, such as an engine of `@sallyport/policies`. If it throws, rejects, takes too long, or returns
 * anything else, the request is refused with 503.
 */
export interface PolicyEngine {
  /** For people. */
  readonly name: string
  /**
   * May return a promise, which is waited for until `policies.timeoutMs` is over. A decision without a promise is faster,
   * and has no time limit.
   *
   * @param signal returns the signal that aborts when nobody waits for the decision any more
   */
  decide(request: PolicyRequest, signal: () => AbortSignal): PolicyDecision | PromiseLike<PolicyDecision>
}
