import { randomBytes } from 'node:crypto'
import * as v from 'valibot'
import { ConfigError } from '../errors.ts'
import type { Clock, Random } from '../ports/clock.ts'
import type { StoreDriver } from '../ports/store.ts'
import { looksRandom } from './values/random-secret.ts'
import {
  audience,
  boolean,
  callable,
  type Entries,
  nonEmpty,
  oneOrMore,
  type Room,
  room,
  serverUrl,
} from './values/schema.ts'

/** The options that belong to no group. */
export interface GeneralOptions {
  /**
   * `iss` of the access tokens: an https URL (http on loopback). Required in production, like `audience`, `secret` and
   * `store`, except in a service that only verifies: it has `issuers` and none of `issuer`, `audience` and `secret`.
   */
  readonly issuer?: string | undefined
  /**
   * `aud` of the access tokens. A token is accepted if its `aud` contains at least one of these. Required in
   * production. Default `http://localhost`.
   */
  readonly audience?: string | readonly string[] | undefined
  /**
   * At least 32 random bytes, from which every internal key is derived; a string counts as its UTF-8 bytes. Processes
   * that share a store need the same one. Of an array, the first is used and the others are still accepted. Required
   * in production, where a string must be base64, base64url or hex (`openssl rand -base64 32`); otherwise made at start,
   * and then sessions and signing keys end with the process, whatever the store.
   */
  readonly secret?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined
  /** Where sessions are kept. Required in production. Default: in the memory of this process. */
  readonly store?: StoreDriver | undefined
  /** Whether to require the options that production needs. Default: whether `NODE_ENV` is `production`. */
  readonly production?: boolean | undefined
  /** The source of time, for tests. Default: the system clock. */
  readonly clock?: Clock | undefined
  /** The source of random bytes, for tests. Default: that of Node.js. */
  readonly random?: Random | undefined
}

export interface GeneralSettings {
  readonly production: boolean
  /** Tokens are only verified here: there are trusted issuers, and nothing that is needed to issue. */
  readonly verifiesOnly: boolean
  readonly issuer: string
  readonly audience: readonly [string, ...string[]]
  readonly secrets: readonly [Uint8Array, ...Uint8Array[]]
  /** Whether the secret was made at start, since none was given. */
  readonly isSecretRandom: boolean
  readonly store: StoreDriver | undefined
  readonly clock: Clock | undefined
  readonly random: Random | undefined
  /** Messages about missing options that were replaced by defaults for development. */
  readonly notices: readonly string[]
}

const MIN_SECRET_BYTES = 32
const MIN_DISTINCT_BYTES = 8

const secretMessage =
  'a secret of at least 32 random bytes, such as the output of "openssl rand -base64 32", or an array of secrets'
const secret = v.pipe(
  v.union([v.string(), v.instance(Uint8Array)], secretMessage),
  v.transform((given) =>
    typeof given === 'string' ? new TextEncoder().encode(given) : new Uint8Array(given),
  ),
  v.check(
    (bytes) => bytes.length >= MIN_SECRET_BYTES && new Set(bytes).size >= MIN_DISTINCT_BYTES,
    secretMessage,
  ),
)

const secrets = oneOrMore(secret, secretMessage)

const entries = {
  issuer: v.optional(serverUrl),
  audience: v.optional(audience),
  secret: v.optional(secrets),
  store: v.optional(callable<StoreDriver>('a store such as memoryStore() or redisStore()', 'open')),
  production: v.optional(boolean),
  clock: v.optional(callable<Clock>('an object with now() and monotonic()', 'now', 'monotonic')),
  random: v.optional(callable<Random>('a function')),
} satisfies Entries<GeneralOptions>

const required: Readonly<Record<'issuer' | 'audience' | 'secret' | 'store', string>> = {
  issuer: 'set it to the URL of this deployment, such as "https://auth.example.com"',
  audience: 'set it to the URL of your API, such as "https://api.example.com"',
  secret: 'set it to the output of "openssl rand -base64 32"',
  store: 'set it to a store that all processes share, such as redisStore() of @sallyport/redis',
}

/** Errors must not show the secret. */
const mayShow = (path: string): boolean => !path.startsWith('secret')

/** Here `production` is what counts if the options do not say. */
export const generalRoom: Room<GeneralSettings> = room(
  entries,
  (options, production, given) => {
    const verifiesOnly = isOnlyVerifying(given)
    return {
      production: options.production ?? production,
      verifiesOnly,
      issuer: options.issuer ?? 'http://localhost',
      audience: nonEmpty(options.audience ?? 'http://localhost'),
      secrets: nonEmpty(options.secret ?? new Uint8Array(randomBytes(MIN_SECRET_BYTES))),
      isSecretRandom: options.secret === undefined,
      store: options.store,
      clock: options.clock,
      random: options.random,
      notices: verifiesOnly ? [] : noticesOf(options),
    }
  },
  { mayShow },
)

/** What this room looks at. */
interface SallyportGiven extends GeneralOptions {
  readonly issuers?: readonly unknown[] | undefined
  readonly apiKeys?: unknown
}

/**
 * There are trusted issuers, and nothing that is needed to issue. One of them alone is a deployment that lacks others. API
 * keys are issued, too, and no other process could read them without a common secret. A store does not count: it shares
 * revocations.
 */
function isOnlyVerifying({ issuer, audience, secret, issuers, apiKeys }: SallyportGiven): boolean {
  // This room is read before the one that checks `issuers`.
  const trustsOthers = Array.isArray(issuers) && issuers.length > 0
  return trustsOthers && [issuer, audience, secret, apiKeys].every((given) => given === undefined)
}

/** Throws a `ConfigError` that names everything that production needs at once, so that one deployment is enough. */
export function demandForProduction(options: SallyportGiven): void {
  demandRandomSecrets(options.secret)
  if (isOnlyVerifying(options)) return
  const missing = (['issuer', 'audience', 'secret', 'store'] as const).filter(
    (name) => options[name] === undefined,
  )
  const [first] = missing
  if (first === undefined) return
  const sentences = missing.map((name) => `"${name}" is required in production: ${required[name]}`)
  throw new ConfigError(first, { sentence: sentences.join('; ') })
}

/** A secret that somebody made up, or copied from a page, is refused in production. */
function demandRandomSecrets(given: GeneralOptions['secret']): void {
  const secrets = Array.isArray(given) ? given : [given]
  if (secrets.every((one) => typeof one !== 'string' || looksRandom(one))) return
  throw new ConfigError('secret', {
    sentence:
      'in production a "secret" that is a string must be 32 random bytes or more in base64, base64url or hex, without quotes, spaces and line breaks: ' +
      required.secret,
  })
}

function noticesOf({
  secret,
  store,
}: {
  readonly secret?: unknown
  readonly store?: unknown
}): readonly string[] {
  const notices: string[] = []
  if (secret === undefined)
    notices.push(
      '"secret" is not set, so a random one is used, and sessions and signing keys end with this process: set it to the output of "openssl rand -base64 32"',
    )
  if (store === undefined)
    notices.push(
      '"store" is not set, so sessions are in the memory of this process and end with it: set it to a store such as redisStore() of @sallyport/redis',
    )
  return notices
}
