import * as v from 'valibot'
import type { OAuthClient, OAuthSettings } from '../../access/clients/settings.ts'
import { ConfigError, describeValue } from '../../errors.ts'
import type { ClientOptions } from '../sessions.ts'
import { distinctArray, type Entries, group, type Room, room, wholeNumber } from '../values/schema.ts'
import { clientId, type OAuthClientOptions, oauthClient, type ParsedClient, parseClient } from './client.ts'

export type { IntrospectOptions, OAuthClientOptions } from './client.ts'

/** Which OAuth clients may ask this deployment, and what. */
export interface WithOAuth {
  readonly oauth?: OAuthOptions | undefined
}

/** For the endpoints `introspect`, `revoke` and `token`. */
export interface OAuthOptions {
  /** The clients that authenticate. Default: there are none. */
  readonly clients?: readonly OAuthClientOptions[] | undefined
  /**
   * The `client_id` of each client that has no secret, such as an app or a page. By its name alone it may revoke tokens
   * that were issued to it. Default: those of the option `clients`.
   */
  readonly publicClients?: readonly string[] | undefined
  /**
   * How many tokens that were never issued a client may ask about in a window, before it is answered 429 for every token
   * that this process does not know: `count` from 1 to 1,000,000, `windowSeconds` from 1 to 86,400 (1 day), default 60.
   * Counted for all processes together. Default: there is no limit.
   */
  readonly unknownTokens?: { readonly count: number; readonly windowSeconds?: number | undefined } | undefined
}

export interface OAuthRoomSettings {
  readonly oauth: OAuthSettings
}

const DAY = 86_400

const entries = {
  oauth: v.optional(
    group({
      clients: v.optional(v.array(oauthClient, 'an array of clients'), []),
      publicClients: v.optional(distinctArray(clientId, 'an array of client ids')),
      unknownTokens: v.optional(
        group({ count: wholeNumber(1, 1_000_000), windowSeconds: v.optional(wholeNumber(1, DAY), 60) }),
      ),
    }),
    {},
  ),
} satisfies Entries<WithOAuth>

/** Errors must not show a secret. */
const mayShow = (path: string): boolean => !/^oauth\.clients\.\d+(\.(clientSecret|jwks)\b.*)?$/.test(path)

/** This room is read after the one that checks `clients`. */
export const oauthRoom: Room<OAuthRoomSettings> = room(
  entries,
  ({ oauth }, production, { clients: named }: { readonly clients?: ClientOptions | undefined }) => {
    const clients = confidential(oauth.clients, oauth.publicClients ?? [], production)
    const { cookie = 'web', body = 'native' } = named ?? {}
    const bySession = [cookie, body].filter((id) => !clients.has(id))
    const { count, windowSeconds = 0 } = oauth.unknownTokens ?? {}
    const windowMs = windowSeconds * 1000
    return {
      oauth: {
        clients,
        publicClients: new Set(oauth.publicClients ?? bySession),
        unknownTokens: count === undefined ? undefined : { most: count, windowMs, blockMs: windowMs },
      },
    }
  },
  { mayShow },
)

function confidential(
  given: readonly ParsedClient[],
  others: readonly string[],
  production: boolean,
): OAuthSettings['clients'] {
  const clients = new Map<string, OAuthClient>()
  for (const [index, one] of given.entries()) {
    const path = `oauth.clients.${index}`
    if (clients.has(one.clientId) || others.includes(one.clientId))
      throw new ConfigError(
        `${path}.clientId`,
        'different from those of the other clients',
        describeValue(one.clientId),
      )
    clients.set(one.clientId, parseClient(one, path, production))
  }
  return clients
}
