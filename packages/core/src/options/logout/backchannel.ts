import * as v from 'valibot'
import type { BackchannelSettings, FindSessions, LogoutSender } from '../../backchannel/index.ts'
import { ConfigError, describeValue } from '../../errors.ts'
import { secureUrl } from '../../issuers/secure-url.ts'
import type { SenderOptions } from '../../issuers/senders.ts'
import { parseSender } from '../issuers/sender.ts'
import { group, string, wholeNumber } from '../values/schema.ts'

export interface BackchannelLogoutOptions {
  /**
   * Services that are told of every session that ends. It is kept in the store until they know, as `outbox` says. Default:
   * none.
   */
  readonly clients?: readonly LogoutClientOptions[] | undefined
  /** Whose logout tokens `POST /backchannel-logout` accepts (endpoint set `backchannel-logout`). Default: nobody's. */
  readonly issuers?: readonly LogoutIssuerOptions[] | undefined
}

export interface LogoutClientOptions {
  /** The `aud` of its logout tokens: 1 to 255 printable ASCII characters. */
  readonly clientId: string
  /** Where to send them: its `backchannel_logout_uri`, https or http on loopback. Redirects are not followed. */
  readonly uri: string
  /** How long it may take to answer, in milliseconds. Default 3000; 100 to 30,000. */
  readonly timeoutMs?: number | undefined
}

/**
 * An issuer whose logout tokens are accepted: who it is, for whom they must be, and where its keys are. If its access
 * tokens are accepted, too (option `issuers`), those that a logout token concerns are refused from then on.
 */
export interface LogoutIssuerOptions extends SenderOptions {
  /**
   * Which sessions here end. `same`: its `sid` and `sub` are our sessions and subjects. A function finds them by what the
   * token names, `sid`, `sub` or both, or returns nothing if there are none. It has 5 seconds. If it takes longer, throws,
   * rejects or returns something else, that is told by a notice, and the token is answered 503 and may come again.
   * Default: none, which only an issuer of the option `issuers` may have.
   */
  readonly sessions?: 'same' | FindSessions | undefined
}

const urlMessage = 'an https URL (http on loopback)'
const clients = v.array(
  group({
    clientId: string(/^[\x20-\x7e]{1,255}$/, '1 to 255 printable ASCII characters'),
    uri: v.pipe(
      v.string(urlMessage),
      v.check((given) => secureUrl(given) !== undefined, urlMessage),
    ),
    timeoutMs: v.optional(wholeNumber(100, 30_000), 3000),
  }),
  'an array of clients',
)
const issuers = v.array(
  v.custom<LogoutIssuerOptions>(
    (given) => typeof given === 'object' && given !== null && !Array.isArray(given),
    'an object with issuer, audience, jwks, discovery, sessions and others',
  ),
  'an array of issuers',
)

interface Parsed {
  readonly clients: readonly (LogoutClientOptions & { readonly timeoutMs: number })[]
  readonly issuers: readonly LogoutIssuerOptions[]
}

export const backchannelSchema: v.GenericSchema<BackchannelLogoutOptions | undefined, Parsed> = v.optional(
  group({ clients: v.optional(clients, []), issuers: v.optional(issuers, []) }),
  {},
)

/** Throws a `ConfigError` for an issuer that is described wrongly, and for a name that is there twice. */
export function backchannelSettings(parsed: Parsed): BackchannelSettings {
  return Object.freeze({
    clients: parsed.clients.map(({ clientId, uri, timeoutMs }, index, all) => {
      if (all.findIndex((other) => other.clientId === clientId) < index)
        throw twice(`backchannelLogout.clients.${index}.clientId`, clientId)
      return Object.freeze({ clientId, url: new URL(uri), timeoutMs })
    }),
    senders: parsed.issuers.map((given, index, all) => {
      const path = `backchannelLogout.issuers.${index}`
      const sender = senderOf(given, path)
      if (all.findIndex((other) => other.issuer === given.issuer) < index)
        throw twice(`${path}.issuer`, given.issuer)
      return sender
    }),
  })
}

function senderOf({ sessions, ...sender }: LogoutIssuerOptions, path: string): LogoutSender {
  if (sessions !== undefined && sessions !== 'same' && typeof sessions !== 'function')
    throw new ConfigError(`${path}.sessions`, '"same" or a function', describeValue(sessions))
  return Object.freeze({ sender: parseSender(sender, path), sessions })
}

function twice(path: string, given: string): ConfigError {
  return new ConfigError(path, 'different from the others', describeValue(given))
}
