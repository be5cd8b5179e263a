import { UnavailableError } from '../errors.ts'
import type { Outbox } from '../outbox/index.ts'
import type { RevocationStore } from '../ports/revocations.ts'
import type { Risk } from '../watch/alerts/risk.ts'
import type { Audit } from '../watch/audit/index.ts'
import type { Lockout } from '../watch/lockout/lockout.ts'
import { type ApiKeyCalls, type ApiKeyCallsParts, createApiKeyCalls } from './api-keys/index.ts'
import { type AuditCalls, createAuditCalls } from './audit.ts'
import { createRevokeEverything, type RevokeEverything, type RevokeEverythingParts } from './everything.ts'
import { createForgetUser, type ForgetUser, type ForgetUserParts } from './forget.ts'
import { createKeyCalls, type KeyCalls, type KeyCallsParts } from './keys.ts'
import { createLockoutCalls, type LockoutCalls } from './lockout.ts'
import { createOutboxCalls, type OutboxCalls } from './outbox/index.ts'
import { createRiskCalls, type RiskCalls } from './risk.ts'
import { createSessionCalls, type SessionCalls, type SessionCallsParts } from './sessions.ts'
import { createTokenCalls, type TokenCalls, type TokenCallsParts } from './tokens.ts'

/** What an application calls apart from its routes. */
export interface Calls {
  readonly sessions: SessionCalls
  readonly tokens: TokenCalls
  readonly apiKeys: ApiKeyCalls
  readonly keys: KeyCalls
  readonly lockout: LockoutCalls
  readonly risk: RiskCalls
  readonly audit: AuditCalls
  readonly outbox: OutboxCalls
  /**
   * Signs out everybody, such as after a break-in: ends every session, and refuses every access token issued until now,
   * on every process within a second. API keys end, too. Costs the same however many users there are, and so names none: one event
   * `token.revoked` tells it, with the reason `revoke_all` unless you give another. Whoever signs in afterwards is not
   * concerned.
   *
   * Ends what is in the store of this deployment, under its key prefix. Tokens of the option `issuers` are not
   * concerned. Rejects with an `UnavailableError` unless the whole store answered: call again until it succeeds.
   */
  readonly revokeAll: RevokeEverything
  /**
   * Forgets a user, such as when the account is deleted: ends all sessions and API keys, refuses every access token, and
   * erases what the store knows of the user. An audit trail with pseudonyms stays, and no longer tells whom it was about; what else you
   * have written down of events is yours to erase.
   *
   * Rejects with an `UnavailableError` if the store did not do all of it, and if the user signs in again meanwhile: call
   * again until it succeeds.
   */
  readonly forgetUser: ForgetUser
}

export interface CallsParts
  extends SessionCallsParts,
    ApiKeyCallsParts,
    TokenCallsParts,
    Omit<KeyCallsParts, 'store'>,
    Omit<RevokeEverythingParts, 'store'>,
    ForgetUserParts {
  readonly store: Pick<RevocationStore, 'revoke' | 'revokeAll'>
  readonly lockout: Pick<Lockout, 'lock' | 'unlock'>
  readonly audit: Audit
  readonly outbox: Pick<Outbox, 'deadLetters'>
  /** `undefined` if nothing looks for anomalies. */
  readonly risk: Risk | undefined
}

export function createCalls(parts: CallsParts): Calls {
  const { step } = parts.audit.required
  const told = <Args extends readonly unknown[], Result>(
    call: (...args: Args) => Promise<Result>,
  ): ((...args: Args) => Promise<Result>) =>
    step(call, () => {
      throw new UnavailableError('audit')
    })

  const sessions = createSessionCalls(parts)
  const tokens = createTokenCalls(parts)
  const keys = createKeyCalls(parts)
  const apiKeys = createApiKeyCalls(parts)
  const lockout = createLockoutCalls(parts.lockout)
  return {
    sessions: {
      ...sessions,
      // Of overloads, only the last one would be left.
      revoke: told(sessions.revoke) as SessionCalls['revoke'],
      revokeAll: told(sessions.revokeAll),
      revokeUsers: told(sessions.revokeUsers),
      update: told(sessions.update),
    },
    tokens: { ...tokens, revoke: told(tokens.revoke), revokeAll: told(tokens.revokeAll) },
    apiKeys: {
      ...{ create: told(apiKeys.create), list: apiKeys.list },
      ...{ revoke: told(apiKeys.revoke), revokeAll: told(apiKeys.revokeAll) },
    },
    keys: { ...keys, rotate: told(keys.rotate), compromise: told(keys.compromise) },
    lockout: { lock: told(lockout.lock), unlock: told(lockout.unlock) },
    risk: createRiskCalls(parts.risk),
    audit: createAuditCalls(parts.audit),
    outbox: createOutboxCalls(parts.outbox),
    revokeAll: told(createRevokeEverything(parts)),
    forgetUser: told(createForgetUser(parts)),
  }
}
