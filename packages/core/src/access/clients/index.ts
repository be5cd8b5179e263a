import { ConfigError } from '../../errors.ts'
import type { AttemptLimit, CounterStore } from '../../ports/optional/counters.ts'
import { type ClientLimitsParts, createClientLimits } from '../../watch/lockout/client-limits.ts'
import {
  type AuthenticateClient,
  type ClientAuthenticationParts,
  createClientAuthentication,
} from './authenticate.ts'
import { createExamination, type ExaminationParts, type Examine } from './examine.ts'
import { createIdentification, type IdentificationParts, type Identify } from './identify.ts'
import type { OAuthSettings } from './settings.ts'

/** What OAuth clients ask of this deployment. */
export interface OAuthClients {
  readonly settings: OAuthSettings
  readonly authenticate: AuthenticateClient
  readonly examine: Examine
  readonly identify: Identify
}

export interface OAuthClientsParts
  extends Omit<ClientAuthenticationParts, 'settings' | 'limits'>,
    Omit<ExaminationParts, 'limits' | 'standings'>,
    Pick<ClientLimitsParts, 'counterKey' | 'clock'> {
  readonly settings: {
    readonly oauth: OAuthSettings
    readonly lockout: { readonly network: AttemptLimit | undefined }
  }
  readonly standings: ExaminationParts['standings'] & IdentificationParts['standings']
  /** `undefined` if the store keeps none. */
  readonly counters: CounterStore | undefined
}

/** Throws a `ConfigError` if the store lacks what an option needs. */
export function createOAuthClients(parts: OAuthClientsParts): OAuthClients {
  const { oauth, lockout } = parts.settings
  if (oauth.unknownTokens !== undefined && parts.counters === undefined)
    throw new ConfigError('store', {
      sentence: '"store" has no counters, which the option "oauth.unknownTokens" needs',
    })
  const limits = createClientLimits({
    ...parts,
    failures: lockout.network,
    unknownTokens: oauth.unknownTokens,
  })
  const own = { ...parts, settings: oauth, limits }
  return {
    settings: oauth,
    authenticate: createClientAuthentication(own),
    examine: createExamination(own),
    identify: createIdentification(own),
  }
}
