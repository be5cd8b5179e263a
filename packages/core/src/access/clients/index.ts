import { ConfigError } from '../../errors.ts'
import type { Statements } from '../../issuers/statements.ts'
import type { AttemptLimit, CounterStore } from '../../ports/optional/counters.ts'
import { type ClientLimitsParts, createClientLimits } from '../../watch/lockout/client-limits.ts'
import { type AssertionReader, assertionKind } from './assertion.ts'
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
  extends Pick<ClientAuthenticationParts, 'emit'>,
    Omit<ExaminationParts, 'limits' | 'standings'>,
    Pick<ClientLimitsParts, 'counterKey' | 'clock'> {
  readonly settings: {
    readonly oauth: OAuthSettings
    readonly issuer: string
    readonly authPath: string
    readonly lockout: { readonly network: AttemptLimit | undefined }
  }
  readonly standings: ExaminationParts['standings'] & IdentificationParts['standings']
  /** `undefined` if the store keeps none. */
  readonly counters: CounterStore | undefined
  readonly statements: Pick<Statements, 'from'>
}

/** Rejects with a `ConfigError` if the store lacks what an option needs, and for keys that can't be used. */
export async function createOAuthClients(parts: OAuthClientsParts): Promise<OAuthClients> {
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
  const assertionReaders = await readersOf(parts)
  const own = { ...parts, settings: oauth, limits, assertionReaders }
  return {
    settings: oauth,
    authenticate: createClientAuthentication(own),
    examine: createExamination(own),
    identify: createIdentification(own),
  }
}

/** Clients name this deployment by its issuer, or by the URL of an endpoint (RFC 7523, section 3). */
async function readersOf({
  settings,
  statements,
}: OAuthClientsParts): Promise<ReadonlyMap<string, AssertionReader>> {
  const { oauth, issuer, authPath } = settings
  const { origin } = new URL(issuer)
  const endpoints = ['token', 'introspect', 'revoke'].map((name) => `${origin}${authPath}/${name}`)
  const readers = new Map<string, AssertionReader>()
  for (const [id, { keys }] of oauth.clients) {
    if (keys === undefined) continue
    const sender = { ...keys, issuer: id, audience: [issuer, ...endpoints] as const }
    readers.set(id, await statements.from(sender, assertionKind()))
  }
  return readers
}
