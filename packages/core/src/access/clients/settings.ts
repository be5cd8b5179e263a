import type { StatementSender } from '../../issuers/senders.ts'
import type { AttemptLimit } from '../../ports/optional/counters.ts'

/** What a client may ask about by introspection. */
export interface IntrospectionRights {
  /** Tokens for one of these audiences; `undefined`: all of this deployment's. */
  readonly audience: readonly string[] | undefined
  readonly apiKeys: 'refuse' | 'accept'
}

/** A client's keys. For whom its assertions must be is the same for all clients. */
export type ClientKeys = Omit<StatementSender, 'issuer' | 'audience'>

/** A confidential client, which authenticates. */
export interface OAuthClient {
  readonly id: string
  /** Each is accepted. */
  readonly secrets: readonly string[]
  /** Where the keys are by which it authenticates; `undefined`: it does not by a key. */
  readonly keys: ClientKeys | undefined
  /** `undefined`: it may not ask. */
  readonly introspect: IntrospectionRights | undefined
  /** The clients whose tokens it may revoke, itself included; `all`: those of every client. */
  readonly revoke: 'all' | ReadonlySet<string>
}

/** The parsed option `oauth`. */
export interface OAuthSettings {
  /** The confidential clients, by `client_id`. */
  readonly clients: ReadonlyMap<string, OAuthClient>
  /** Clients without a secret, which may revoke what was issued to them. */
  readonly publicClients: ReadonlySet<string>
  /** `undefined`: there is no limit. */
  readonly unknownTokens: AttemptLimit | undefined
}
