import { readFileSync } from 'node:fs'
import type { BackchannelLogoutOptions, LogoutClientOptions } from '@sallyport/core'
import * as v from 'valibot'

/** Whose logout tokens are accepted, and who gets ours. */
export interface LogoutVariables {
  readonly LOGOUT_ISSUER?: string | undefined
  readonly LOGOUT_JWKS?: string | { readonly keys: readonly object[] } | undefined
  readonly LOGOUT_CLIENTS?: readonly LogoutClientOptions[] | undefined
}

/** For whom the logout tokens must be that are accepted. */
const AUDIENCE = 'gateway'

const jwkSet = v.object({ keys: v.pipe(v.array(v.looseObject({})), v.minLength(1)) })
const clients = v.array(
  v.object({
    client_id: v.pipe(v.string(), v.minLength(1)),
    backchannel_logout_uri: v.pipe(v.string(), v.url()),
  }),
)

export const JWKS_MESSAGE = 'an https URL (http on loopback), or the path of a file with a JWK Set'
export const CLIENTS_MESSAGE =
  'the path of a file with a JSON array of {"client_id","backchannel_logout_uri"} (https, or http on loopback)'

/** A URL, or what the file has; `undefined` if that is no JWK Set. */
export function readJwks(given: string): LogoutVariables['LOGOUT_JWKS'] {
  return /^https?:/i.test(given) ? given : parsed(jwkSet, given)
}

/** `undefined` if the file has no array of clients. */
export function readClients(file: string): LogoutVariables['LOGOUT_CLIENTS'] {
  return parsed(clients, file)?.map(({ client_id: clientId, backchannel_logout_uri: uri }) => ({
    clientId,
    uri,
  }))
}

function parsed<T>(schema: v.GenericSchema<unknown, T>, file: string): T | undefined {
  try {
    const result = v.safeParse(schema, JSON.parse(readFileSync(file, 'utf8')))
    return result.success ? result.output : undefined
  } catch {
    return undefined
  }
}

/** The names in the logout tokens of the examples' issuer are those of the examples. */
export function logoutOptions(variables: LogoutVariables): BackchannelLogoutOptions {
  const { LOGOUT_ISSUER: issuer, LOGOUT_JWKS: jwks, LOGOUT_CLIENTS: clients } = variables
  const isAccepted = issuer !== undefined || jwks !== undefined
  return {
    ...(clients === undefined ? {} : { clients }),
    // The library names what is missing.
    ...(isAccepted
      ? { issuers: [{ issuer: issuer as string, jwks, audience: AUDIENCE, sessions: 'same' }] }
      : {}),
  }
}
