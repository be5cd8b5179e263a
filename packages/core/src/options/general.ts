import { randomBytes } from 'node:crypto'
import * as v from 'valibot'
import { ConfigError } from '../errors.ts'
import type { Clock, Random } from '../ports/clock.ts'
import type { StoreDriver } from '../ports/store.ts'
import { audience, boolean, callable, issuer, nonEmpty, parse } from './schema.ts'

/** What stands by itself: who the deployment is, its secret, its store. */
export interface GeneralOptions {
  /** `iss` of the access tokens: an https URL (http on loopback). Required in production. */
  readonly issuer?: string | undefined
  /** `aud` of the access tokens, and what is accepted. Required in production. */
  readonly audience?: string | readonly string[] | undefined
  /**
   * At least 32 random bytes, from which every internal key is derived; a string counts as its UTF-8 bytes. Processes
   * that share a store need the same one. Of an array, the first is used and the others are still accepted. Required
   * in production; otherwise made at start.
   */
  readonly secret?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined
  /** Where sessions live. Required in production. Default: the memory of this process. */
  readonly store?: StoreDriver | undefined
  /** Refuse to start without what production needs. Default: whether `NODE_ENV` is `production`. */
  readonly production?: boolean | undefined
  /** For tests. Default: the system's. */
  readonly clock?: Clock | undefined
  /** For tests. Default: the system's. */
  readonly random?: Random | undefined
}

export interface GeneralSettings {
  readonly production: boolean
  readonly issuer: string
  readonly audience: readonly [string, ...string[]]
  readonly secrets: readonly [Uint8Array, ...Uint8Array[]]
  readonly store: StoreDriver | undefined
  readonly clock: Clock | undefined
  readonly random: Random | undefined
  /** What was left out and replaced, to be told at start. */
  readonly notices: readonly string[]
}

const MIN_SECRET_BYTES = 32
const MIN_DISTINCT_BYTES = 8

const secretMessage = 'at least 32 random bytes, or an array of such secrets'
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

const secrets = v.union([v.pipe(v.array(secret), v.minLength(1, secretMessage)), secret], secretMessage)

const schema = v.object({
  issuer: v.optional(issuer),
  audience: v.optional(audience),
  secret: v.optional(secrets),
  store: v.optional(callable<StoreDriver>('a store such as memoryStore() or redisStore()', 'open')),
  production: v.optional(boolean),
  clock: v.optional(callable<Clock>('an object with now() and monotonic()', 'now', 'monotonic')),
  random: v.optional(callable<Random>('a function')),
})

type Parsed = v.InferOutput<typeof schema>

const requiredInProduction: Readonly<Record<'issuer' | 'audience' | 'secret' | 'store', string>> = {
  issuer: 'set it to the URL of this deployment, such as "https://auth.example.com"',
  audience: 'set it to the URL of your API, such as "https://api.example.com"',
  secret: 'set it to the output of "openssl rand -base64 32"',
  store: 'set it to a store that all processes share, such as redisStore() of @sallyport/redis',
}

/** The secret is never shown. */
const mayShow = (path: string): boolean => !path.startsWith('secret')

/** @param production whether what production needs is required, if the options do not say */
export function parseGeneral(given: object, production: boolean): GeneralSettings {
  const options = parse(schema, given, { mayShow })
  const isProduction = options.production ?? production
  if (isProduction) demandForProduction(options)
  return {
    production: isProduction,
    issuer: options.issuer ?? 'http://localhost',
    audience: nonEmpty(options.audience ?? 'http://localhost'),
    secrets: nonEmpty(options.secret ?? new Uint8Array(randomBytes(MIN_SECRET_BYTES))),
    store: options.store,
    clock: options.clock,
    random: options.random,
    notices: noticesOf(options),
  }
}

function demandForProduction(options: Parsed): void {
  for (const name of ['issuer', 'audience', 'secret', 'store'] as const)
    if (options[name] === undefined)
      throw new ConfigError(name, {
        sentence: `"${name}" is required in production: ${requiredInProduction[name]}`,
      })
}

function noticesOf({ secret, store }: Parsed): readonly string[] {
  const notices: string[] = []
  if (secret === undefined)
    notices.push('no "secret" was given: one was made, and refresh tokens end with this process')
  if (store === undefined)
    notices.push('no "store" was given: sessions live in the memory of this process and end with it')
  return notices
}
