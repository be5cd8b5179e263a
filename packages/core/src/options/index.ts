import { KeyObject, randomBytes } from 'node:crypto'
import * as v from 'valibot'
import type { SignatureLimit } from '../access/signature-limit.ts'
import { ConfigError, shown } from '../errors.ts'
import type { SallyportOptions, Settings } from '../options.ts'
import type { Clock, Random } from '../ports/clock.ts'
import { MAX_ACCESS_SECONDS } from '../ports/revocation.ts'
import type { Signer, VerificationKey } from '../ports/signer.ts'
import type { StoreDriver } from '../ports/store.ts'
import type { ClaimsOf } from '../tokens/custom-claims.ts'
import { parseIssuers } from './issuers.ts'
import { audience, group, issuer, nonEmpty, oneAudience, oneOf, parse, text, wholeNumber } from './schema.ts'

const DAY = 86_400
const MAX_SESSION_SECONDS = 30 * DAY

const isOrigin = (value: string): boolean =>
  /^https?:/.test(value) && URL.canParse(value) && new URL(value).origin === value

const secretMessage = 'at least 32 random bytes, or a list of such'
const secret = v.pipe(
  v.union([v.string(), v.instance(Uint8Array)], secretMessage),
  v.transform((given) =>
    typeof given === 'string' ? new TextEncoder().encode(given) : new Uint8Array(given),
  ),
  v.check((bytes) => bytes.length >= 32 && new Set(bytes).size >= 8, secretMessage),
)
const client = text(/^[\x21-\x7e]{1,255}$/, '1 to 255 printable ASCII characters')
const policy = (fallback: 'observe' | 'enforce') => v.optional(oneOf('off', 'observe', 'enforce'), fallback)
const functions =
  (...names: readonly string[]) =>
  (given: unknown) =>
    typeof given === 'object' &&
    given !== null &&
    names.every((name) => typeof Reflect.get(given, name) === 'function')

const isPublicKey = (given: unknown): boolean => given instanceof KeyObject && given.type === 'public'
const isSigner = (given: unknown): boolean =>
  functions('sign')(given) &&
  v.is(v.object({ kid: v.string(), alg: v.string(), publicKey: v.custom<KeyObject>(isPublicKey) }), given)

const entries = v.strictObject(
  {
    issuer: v.optional(issuer),
    audience: v.optional(audience),
    secret: v.optional(
      v.union([v.pipe(v.array(secret), v.minLength(1, secretMessage)), secret], secretMessage),
    ),
    store: v.optional(
      v.custom<StoreDriver>(functions('open'), 'a store, as memoryStore() or redisStore() makes'),
    ),
    accessToken: v.optional(oneOf('jwt', 'encrypted', 'reference'), 'jwt'),
    access: v.optional(
      group({
        ttlSeconds: v.optional(wholeNumber(1, MAX_ACCESS_SECONDS), 900),
        algorithm: v.optional(oneOf('EdDSA', 'ES256', 'RS256', 'PS256')),
        rotationSeconds: v.optional(wholeNumber(3600, 90 * DAY), 30 * DAY),
        keys: v.optional(
          v.pipe(
            v.array(v.looseObject({}, 'a JWK (RFC 7517)'), 'a list of JWKs'),
            v.minLength(1, 'a list of JWKs'),
          ),
        ),
        signers: v.optional(
          v.pipe(
            v.array(
              v.custom<Signer & VerificationKey>(isSigner, 'what pkcs11Signer() or awsKmsSigner() makes'),
              'a list of signers',
            ),
            v.minLength(1, 'a list of signers'),
          ),
        ),
        cache: v.optional(
          group({
            entries: v.optional(wholeNumber(1, 10_000_000), 100_000),
            bytes: v.optional(wholeNumber(64 * 1024, 64 * 1024 ** 3), 160 * 1024 ** 2),
          }),
          {},
        ),
      }),
      {},
    ),
    refresh: v.optional(
      group({
        idleSeconds: v.optional(wholeNumber(1, MAX_SESSION_SECONDS), 7 * DAY),
        absoluteSeconds: v.optional(wholeNumber(1, MAX_SESSION_SECONDS), MAX_SESSION_SECONDS),
        graceSeconds: v.optional(wholeNumber(0, 60), 10),
        lostResponse: v.optional(oneOf('recover', 'refuse'), 'recover'),
      }),
      {},
    ),
    revocation: v.optional(
      group({
        mode: v.optional(oneOf('replicated', 'strict'), 'replicated'),
        maxStalenessSeconds: v.optional(wholeNumber(0, 300), 10),
      }),
      {},
    ),
    binding: v.optional(
      group({
        family: policy('enforce'),
        system: policy('enforce'),
        deviceClass: policy('enforce'),
        version: policy('observe'),
      }),
      {},
    ),
    limits: v.optional(
      group({
        sessions: v.optional(wholeNumber(0, 10_000), 0),
        refreshes: v.optional(
          v.strictObject(
            { count: wholeNumber(1, 1_000_000), windowSeconds: wholeNumber(1, DAY) },
            'an object with count, windowSeconds',
          ),
        ),
        converged: v.optional(wholeNumber(0, 65_535), 0),
        signatures: v.optional(
          v.custom<SignatureLimit>((given) => typeof given === 'function', 'a function'),
        ),
      }),
      {},
    ),
    claims: v.optional(
      group({
        of: v.custom<ClaimsOf>((given) => typeof given === 'function', 'a function'),
        allow: v.optional(v.array(v.string('a list of names'), 'a list of names')),
        exempt: v.optional(v.array(v.string('a list of names'), 'a list of names'), []),
        maxBytes: v.optional(wholeNumber(1, 4096), 1024),
        sealed: v.optional(
          v.record(v.string(), group({ audience: oneAudience, key: v.looseObject({}, 'a JWK (RFC 7517)') })),
          {},
        ),
        leaks: v.optional(oneOf('refuse', 'warn'), 'refuse'),
      }),
    ),
    issuers: v.optional(v.unknown()),
    cookie: v.optional(
      group({
        name: v.optional(
          text(/^__Host-[\w.-]{1,64}$/, 'a cookie name that begins with "__Host-"'),
          '__Host-refresh',
        ),
      }),
      {},
    ),
    origins: v.optional(
      group({
        allowed: v.optional(
          v.array(
            v.pipe(v.string('a web origin'), v.check(isOrigin, 'a web origin, as "https://app.example.com"')),
            'a list of web origins',
          ),
          [],
        ),
        missing: v.optional(oneOf('accept', 'refuse'), 'accept'),
      }),
      {},
    ),
    clients: v.optional(group({ cookie: v.optional(client, 'web'), body: v.optional(client, 'native') }), {}),
    paths: v.optional(
      group({ auth: v.optional(text(/^(\/[\w.~-]+)*$/, 'a path, as "/auth"'), '/auth') }),
      {},
    ),
    production: v.optional(v.boolean('true or false')),
    clock: v.optional(v.custom<Clock>(functions('now', 'monotonic'), 'an object with now() and monotonic()')),
    random: v.optional(v.custom<Random>((given) => typeof given === 'function', 'a function')),
  },
  'an object',
)

const schema = v.pipe(
  v.custom<object>((given) => !Array.isArray(given), 'an object'),
  entries,
)

type Parsed = v.InferOutput<typeof schema>

/** Parses the options. Throws a `ConfigError` that names the first wrong one. */
export function parseOptions(given: SallyportOptions, environment: string | undefined): Settings {
  const options = parse(schema, given)
  if (options.production ?? environment === 'production') demandForProduction(options)
  return Object.freeze(settingsOf(options))
}

function demandForProduction(options: Parsed): void {
  for (const name of ['issuer', 'audience', 'secret', 'store'] as const)
    if (options[name] === undefined) throw new ConfigError(name, 'given in production', 'missing')
  if (options.claims?.leaks === 'warn')
    throw new ConfigError('claims.leaks', '"refuse" in production', shown(options.claims.leaks))
}

function settingsOf(options: Parsed): Settings {
  const { refresh, limits, revocation, access } = options
  const notices: string[] = []
  if (options.secret === undefined)
    notices.push('no "secret" was given: one was made up, and refresh tokens end with this process')
  if (options.store === undefined)
    notices.push('no "store" was given: sessions live in the memory of this process and end with it')
  return {
    tokens: {
      issuer: options.issuer ?? 'http://localhost',
      audience: nonEmpty(options.audience ?? 'http://localhost'),
      ttlSeconds: access.ttlSeconds,
    },
    tokenCache: access.cache,
    signatureLimit: limits.signatures,
    form: options.accessToken,
    ownClaims: options.claims && { allow: undefined, ...options.claims },
    issuers: parseIssuers(options.issuers),
    algorithm: access.algorithm,
    newKeys: { alg: access.algorithm ?? 'EdDSA', rotateEveryMs: access.rotationSeconds * 1000 },
    keys: access.keys,
    signers: access.signers,
    secrets: nonEmpty(options.secret ?? new Uint8Array(randomBytes(32))),
    store: options.store,
    sessions: {
      lifetimes: { idleMs: refresh.idleSeconds * 1000, absoluteMs: refresh.absoluteSeconds * 1000 },
      graceMs: refresh.graceSeconds * 1000,
      recoverLost: refresh.lostResponse === 'recover',
      sessionLimit: limits.sessions,
      refreshLimit: {
        count: limits.refreshes?.count ?? 0,
        windowMs: (limits.refreshes?.windowSeconds ?? 0) * 1000,
      },
      convergedLimit: limits.converged,
      clients: options.clients,
    },
    revocation: { mode: revocation.mode, maxStalenessMs: revocation.maxStalenessSeconds * 1000 },
    binding: options.binding,
    cookieName: options.cookie.name,
    origins: { allowed: new Set(options.origins.allowed), missing: options.origins.missing },
    paths: options.paths,
    clock: options.clock,
    random: options.random,
    notices,
  }
}
