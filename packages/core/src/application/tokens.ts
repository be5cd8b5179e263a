import type { Access, AccessPolicy } from '../access/verify.ts'
import { reasonOf, refuseUnknownMembers, UnavailableError } from '../errors.ts'
import type { Revoked, RevokeOptions } from '../gate/session-calls.ts'
import { isApiKeyId } from '../ports/ids.ts'
import type { ProblemCode } from '../problems.ts'
import type { Auth } from '../seam/auth.ts'
import type { Sender } from '../seam/caller.ts'
import type { RenewSessions } from '../sessions/renew.ts'
import type { TokenRevocation } from '../sessions/tokens/revoke.ts'
import {
  BY_APPLICATION,
  identifier,
  type KnownIssuers,
  ownName,
  REVOKE_ONE_MEMBERS,
  type Renewed,
  type RevokeOneOptions,
  renewed,
} from './arguments.ts'

export type TokenVerdict =
  | { readonly kind: 'valid'; readonly auth: Auth }
  | { readonly kind: 'refused'; readonly problem: ProblemCode }

/** What `tokens.verify` accepts beside access tokens. */
export interface TokenVerifyOptions {
  /** Whether API keys are accepted; `auth.credential` says what it was. Default `refuse`. */
  readonly apiKeys?: 'refuse' | 'accept' | undefined
}

/** What an application does with access tokens. */
export interface TokenCalls {
  /**
   * Verifies an access token that arrived outside an `Authorization` header, such as over a WebSocket or in a queue.
   * Checks everything that `authMiddleware` checks, including revocation, and accepts tokens of all trusted issuers.
   *
   * A token that is bound to a key (`cnf` with `jkt`) is refused, since there is no request that a proof could be for.
   *
   * Does NOT check scopes. Resolves to `refused` for a bad token, and while a store that has to be asked does not
   * answer. Rejects only if the option `claims.of` does, which happens with reference tokens only.
   *
   * @param sender who sent the token: for events, and for what tokens can be bound to, a cookie in its `headers` and the
   *   certificate of its `peer`. Default: unknown
   * @param options what else is accepted
   *
   * @example
   * ```ts
   * import { createSallyport } from '@sallyport/core'
   *
   * const { tokens } = await createSallyport()
   *
   * async function subjectOf(message: { token: string }): Promise<string | undefined> {
   *   const verdict = await tokens.verify(message.token)
   *   return verdict.kind === 'valid' ? verdict.auth.subject : undefined
   * }
   * ```
   */
  verify(token: string, sender?: Partial<Sender>, options?: TokenVerifyOptions): Promise<TokenVerdict>
  /**
   * Revokes one access token by its `jti`. Its session lives on. A token of another issuer is revoked only if `issuer`
   * names that one, and for 31 minutes. Rejects with an `UnavailableError` while the store does not answer, and with a
   * `TypeError` for the id of an API key, which `apiKeys.revoke` takes: this would refuse it for 31 minutes only.
   */
  revoke(jti: string, options?: RevokeOneOptions): Promise<Revoked>
  /**
   * Revokes every access token issued to a user so far, such as after a change of roles. The sessions live on, and
   * clients get new tokens by a refresh. Rejects with an `UnavailableError` while the store does not answer.
   */
  revokeAll(subject: string | Auth, options?: RevokeOptions): Promise<Renewed>
}

const ANY_ISSUER: AccessPolicy = { issuers: 'all', apiKeys: 'refuse', whenUnavailable: 'refuse' }

export interface TokenCallsParts {
  readonly renew: RenewSessions
  readonly issuers: KnownIssuers
  readonly access: Pick<Access, 'verify'>
  readonly revoke: Pick<TokenRevocation, 'accessToken'>
}

export function createTokenCalls(parts: TokenCallsParts): TokenCalls {
  const { access, revoke, renew, issuers } = parts
  return {
    async verify(token, { ip, headers = {}, peer } = {}, options = {}) {
      const policy = { ...ANY_ISSUER, apiKeys: apiKeysIn(options) }
      // It may be anything that a client put into a message.
      if (typeof token !== 'string') return { kind: 'refused', problem: 'token_malformed' }
      const sender = { ip, headers, ...(peer && { peer }) }
      const verdict = await access.verify(token, sender, policy)
      return verdict.kind === 'allow'
        ? { kind: 'valid', auth: verdict.auth }
        : { kind: 'refused', problem: verdict.problem }
    },
    async revoke(jti, options) {
      const reason = reasonOf('tokens.revoke', options, BY_APPLICATION, REVOKE_ONE_MEMBERS)
      const name = issuers.nameOf(identifier('jti', jti), options?.issuer)
      if (isApiKeyId(name)) throw new TypeError('"jti" is the id of an API key: pass it to apiKeys.revoke')
      const outcome = await revoke.accessToken({ jti: name }, { reason })
      if (outcome.kind === 'unavailable') throw new UnavailableError()
      return { ended: [jti] }
    },
    async revokeAll(subject, options) {
      const reason = reasonOf('tokens.revokeAll', options, BY_APPLICATION)
      return renewed(renew(ownName('subject', subject), { reason }))
    },
  }
}

function apiKeysIn(options: TokenVerifyOptions): 'refuse' | 'accept' {
  refuseUnknownMembers('tokens.verify', options, ['apiKeys'])
  const { apiKeys = 'refuse' } = options
  if (apiKeys === 'refuse' || apiKeys === 'accept') return apiKeys
  throw new TypeError('tokens.verify: "apiKeys" must be "refuse" or "accept"')
}
