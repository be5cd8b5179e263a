import * as v from 'valibot'
import type { ClientKeys, OAuthClient } from '../../access/clients/settings.ts'
import { ConfigError } from '../../errors.ts'
import { plainUrl } from '../../issuers/secure-url.ts'
import type { SigningAlgorithm } from '../../ports/signer.ts'
import { parseSigned } from '../issuers/signed.ts'
import { audience, filledArray, group, nonEmpty, oneOf, oneOrMore, string } from '../values/schema.ts'

/** An OAuth client that authenticates, such as a gateway that asks about tokens. */
export interface OAuthClientOptions {
  /** Its `client_id`: 1 to 255 printable ASCII characters. No other client may have it, such as those of `clients`. */
  readonly clientId: string
  /**
   * Its secret: 8 to 1024 printable ASCII characters, in production at least 32, such as the output of
   * `openssl rand -base64 32`. Each secret of an array is accepted, so that one can replace another. Required, unless
   * `jwks` is given: `undefined`, such as that of a missing environment variable, is refused at start.
   */
  readonly clientSecret?: string | readonly string[] | undefined
  /**
   * The keys by which it authenticates with a signed JWT (`private_key_jwt`, RFC 7523): the URL of its JWK Set (https, or
   * http on loopback; redirects are not followed), or the JWK Set itself, of public keys for EdDSA, ES256, RS256 or PS256.
   */
  readonly jwks?: string | { readonly keys: readonly object[] } | undefined
  /**
   * Whether it may ask about tokens (RFC 7662), and about which. `true`: about all access tokens of this deployment.
   * Default `false`.
   */
  readonly introspect?: boolean | IntrospectOptions | undefined
  /**
   * Whose tokens it may revoke (RFC 7009): `own`, those that were issued to itself; an array: those of these clients, too;
   * `all`: those of every client. Default `own`.
   */
  readonly revoke?: 'own' | 'all' | readonly string[] | undefined
}

export interface IntrospectOptions {
  /** The client is told of a token if `aud` contains at least one of these. Default: of all tokens of this deployment. */
  readonly audience?: string | readonly string[] | undefined
  /** Whether it is told of API keys, too. They have no `client_id` and no `sid`. Default `refuse`. */
  readonly apiKeys?: 'refuse' | 'accept' | undefined
}

const MIN_PRODUCTION_CHARS = 32

export const clientId: v.GenericSchema<string> = string(
  /^[\x21-\x7e]{1,255}$/,
  '1 to 255 printable ASCII characters',
)
const secretMessage = 'a string of 8 to 1024 printable ASCII characters, or an array of them'
const jwksMessage = 'an https URL (http on loopback), or a JWK Set'
const introspectMessage = 'true, false, or an object with audience, apiKeys'
const introspection = group({
  audience: v.optional(audience),
  apiKeys: v.optional(oneOf('refuse', 'accept'), 'refuse'),
})
const revokeMessage = '"own", "all", or an array of client ids'
const revocableClients = filledArray(clientId, revokeMessage)

interface ParsedRights {
  readonly audience?: string | string[] | undefined
  readonly apiKeys: 'refuse' | 'accept'
}

/** These options, checked. */
export interface ParsedClient {
  readonly clientId: string
  readonly clientSecret?: string | string[] | undefined
  readonly jwks?: string | { readonly keys: object[] } | undefined
  readonly introspect: boolean | ParsedRights
  readonly revoke: 'own' | 'all' | string[]
}

export const oauthClient: v.GenericSchema<object, ParsedClient> = group({
  clientId,
  clientSecret: v.optional(oneOrMore(string(/^[\x20-\x7e]{8,1024}$/, secretMessage), secretMessage)),
  jwks: v.optional(v.custom<string | { readonly keys: object[] }>(isJwks, jwksMessage)),
  introspect: v.optional(
    // A union would not say which member of the object is wrong.
    v.lazy(
      (given): v.GenericSchema<boolean | object, boolean | ParsedRights> =>
        typeof given === 'object' && given !== null ? introspection : v.boolean(introspectMessage),
    ),
    false,
  ),
  revoke: v.optional(
    v.lazy(
      (given): v.GenericSchema<'own' | 'all' | string[]> =>
        Array.isArray(given) ? revocableClients : v.picklist(['own', 'all'], revokeMessage),
    ),
    'own',
  ),
})

/** The keys themselves are looked at when they are read. */
function isJwks(given: unknown): boolean {
  if (typeof given === 'string') return plainUrl(given) !== undefined
  const keys: unknown = Object(given).keys
  return Array.isArray(keys) && keys.length > 0
}

/** @param path of the client in the options, for errors */
export function parseClient(
  { clientId: id, clientSecret, jwks, introspect, revoke }: ParsedClient,
  path: string,
  production: boolean,
): OAuthClient {
  if (clientSecret === undefined && jwks === undefined)
    throw new ConfigError(`${path}.clientSecret`, {
      sentence: `"${path}.clientSecret" is required, unless "${path}.jwks" is given`,
    })
  const secrets = clientSecret === undefined ? [] : nonEmpty(clientSecret)
  if (production && secrets.some((secret) => secret.length < MIN_PRODUCTION_CHARS))
    throw new ConfigError(`${path}.clientSecret`, {
      sentence: `in production "${path}.clientSecret" must have at least ${MIN_PRODUCTION_CHARS} characters: set it to the output of "openssl rand -base64 32"`,
    })
  return Object.freeze({
    id,
    secrets,
    keys: jwks === undefined ? undefined : keysOf(jwks, path),
    introspect: rightsOf(introspect),
    revoke: revoke === 'all' ? revoke : new Set(revoke === 'own' ? [id] : [id, ...revoke]),
  })
}

const ALGORITHMS: readonly SigningAlgorithm[] = ['EdDSA', 'ES256', 'RS256', 'PS256']

function keysOf(jwks: string | { readonly keys: object[] }, path: string): ClientKeys {
  const about = { path, algorithms: ALGORITHMS }
  if (typeof jwks === 'object') {
    // No key is ever fetched.
    const never = { timeoutMs: 0, cooldownSeconds: 0, maxAgeSeconds: 0, maxStaleSeconds: 0 }
    return { ...about, ...never, keys: { kind: 'given', jwks } }
  }
  const { keys, ...times } = parseSigned({ issuer: path, jwks, algorithms: ALGORITHMS }, path)
  if (keys === undefined) throw new RangeError('with a URL, parseSigned finds keys')
  return { ...about, ...times, keys }
}

function rightsOf(introspect: boolean | ParsedRights): OAuthClient['introspect'] {
  if (introspect === false) return undefined
  if (introspect === true) return { audience: undefined, apiKeys: 'refuse' }
  const { audience: named, apiKeys } = introspect
  return { audience: named === undefined ? undefined : nonEmpty(named), apiKeys }
}
