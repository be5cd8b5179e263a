import { createServer, type RequestListener, type Server } from 'node:http'
import type { Clock, IssuerOptions, SigningAlgorithm } from '@sallyport/core'
import { schema } from '@sallyport/core/sink'
import { SignJWT } from 'jose'
import { listen } from '../app/listen.ts'
import { now, uniqueName } from '../system.ts'
import { createIssuerKey, type IssuerKey } from './keys.ts'

/** What `testIssuer` takes. */
export interface TestIssuerOptions {
  /** `aud` of its access tokens, which `options` asks for. */
  readonly audience: string | readonly string[]
  /** Default `EdDSA`. */
  readonly algorithm?: SigningAlgorithm | undefined
  /** By which its tokens are issued, such as the one of `testSallyport`. Default: that of the system. */
  readonly clock?: Pick<Clock, 'now'> | undefined
}

/** What an access token says, and by which key. Everything but `subject` may be left out. */
export interface IssuedToken {
  readonly subject: string
  /** Default: none. */
  readonly scope?: readonly string[] | undefined
  /** Default: that of the issuer. */
  readonly audience?: string | readonly string[] | undefined
  /** How long it lives, in seconds; negative for one that has expired. Default 300. */
  readonly expiresInSeconds?: number | undefined
  /** When its life begins (`nbf`), in seconds from now. Default: `nbf` is left out. */
  readonly validInSeconds?: number | undefined
  /** `typ` of the header. Default `at+jwt`. */
  readonly type?: string | undefined
  /** Further claims, or others than it would have. One that is `undefined` is left out. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined
  /**
   * The key that signs it. Default `current`.
   *
   * - `previous`: the one before the latest `rotate()`
   * - `unknown`: one that the JWK Set does not have
   * - `forged`: somebody else's, under the name of the current one
   */
  readonly key?: 'current' | 'previous' | 'unknown' | 'forged' | undefined
}

/** An issuer that runs in this process, for tests of services that verify its access tokens. */
export interface TestIssuer {
  /** `iss` of its tokens: the URL at which it listens, on 127.0.0.1. */
  readonly url: string
  /** An entry for the option `issuers`. */
  readonly options: IssuerOptions
  /** Issues an access token. */
  token(token: IssuedToken): Promise<string>
  /**
   * Makes a new key, which signs from now on. A service fetches the JWK Set again when it sees a key that it does not know,
   * but not before `cooldownSeconds` have passed.
   *
   * @param previous what becomes of the keys before: they stay in the JWK Set (the default), or are gone at once
   */
  rotate(previous?: 'kept' | 'gone'): Promise<void>
  /** How often its JWK Set was fetched. */
  fetches(): number
  /** Goes away: nobody listens at its URL. May be called more than once, and ends the test's use of it. */
  stop(): Promise<void>
  /** Comes back at the same URL, with the same keys. */
  start(): Promise<void>
}

const { audience, callable, group, optional, parse, signingAlgorithm } = schema
const optionsSchema = group({
  audience,
  algorithm: optional(signingAlgorithm, 'EdDSA'),
  clock: optional(callable<Pick<Clock, 'now'>>('an object with now()', 'now')),
})
const JWKS_PATH = '/jwks'
const METADATA_PATHS: readonly string[] = [
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
]

/**
 * Starts an issuer of access tokens on a free port: with a JWK Set, metadata (OpenID Connect Discovery 1.0, RFC 8414), and
 * tokens as RFC 9068 says. Rejects with a `ConfigError` for a wrong option.
 *
 * @example
 * ```ts
 * import { createSallyport } from '@sallyport/express'
 * import { testIssuer, testSallyport } from '@sallyport/testing'
 *
 * const issuer = await testIssuer({ audience: 'https://api.example.com' })
 * const { sallyport } = await testSallyport(createSallyport, { issuers: [issuer.options] })
 * const good = await issuer.token({ subject: 'ada', scope: ['profile:read'] })
 * const forged = await issuer.token({ subject: 'ada', key: 'forged' })
 * await issuer.rotate()
 * await issuer.stop()
 * ```
 */
export async function testIssuer(options: TestIssuerOptions): Promise<TestIssuer> {
  const { clock = { now }, ...settings } = parse(optionsSchema, options, { path: 'testIssuer' })
  const { algorithm } = settings
  let current = await createIssuerKey(algorithm)
  let published: readonly IssuerKey[] = [current]
  let previous = current
  let fetches = 0

  const answer: RequestListener = ({ url = '' }, response) => {
    const documents: Readonly<Record<string, () => object>> = {
      [JWKS_PATH]: () => {
        fetches++
        return { keys: published.map(({ jwk }) => jwk) }
      },
      ...Object.fromEntries(METADATA_PATHS.map((path) => [path, metadata])),
    }
    const document = Object.hasOwn(documents, url) ? documents[url] : undefined
    response.writeHead(document === undefined ? 404 : 200, { 'Content-Type': 'application/json' })
    response.end(JSON.stringify(document?.() ?? { error: 'not_found' }))
  }
  // A test that fails before it stops the issuer must not keep the process of the tests alive.
  const newServer = (): Server => createServer(answer).unref()
  let server: Server | undefined = newServer()
  const port = await listen(server)
  const url = `http://127.0.0.1:${port}`
  const metadata = (): object => ({
    issuer: url,
    jwks_uri: url + JWKS_PATH,
    response_types_supported: [],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [algorithm],
  })

  async function signing(key: IssuedToken['key']): Promise<IssuerKey> {
    switch (key) {
      case undefined:
      case 'current':
        return current
      case 'previous':
        if (previous !== current) return previous
        throw new TypeError('issuer.token: there is no previous key before rotate()')
      case 'unknown':
        return createIssuerKey(algorithm)
      case 'forged':
        return { ...(await createIssuerKey(algorithm)), kid: current.kid }
    }
  }

  return {
    url,
    options: { issuer: url, jwks: url + JWKS_PATH, audience: settings.audience, algorithms: [algorithm] },
    async token(wanted) {
      const { subject, scope, expiresInSeconds = 300, validInSeconds, type = 'at+jwt', claims } = wanted
      const { kid, privateKey } = await signing(wanted.key)
      const iat = Math.floor(clock.now() / 1000)
      const all: Readonly<Record<string, unknown>> = {
        ...{ iss: url, sub: subject, aud: wanted.audience ?? settings.audience },
        ...{ iat: expiresInSeconds < 0 ? iat + expiresInSeconds - 1 : iat, exp: iat + expiresInSeconds },
        ...{ jti: uniqueName(), client_id: 'test', scope: scope?.join(' ') },
        nbf: validInSeconds === undefined ? undefined : iat + validInSeconds,
        ...claims,
      }
      return new SignJWT({ ...all }).setProtectedHeader({ alg: algorithm, typ: type, kid }).sign(privateKey)
    },
    async rotate(fate = 'kept') {
      previous = current
      current = await createIssuerKey(algorithm)
      published = fate === 'kept' ? [current, ...published] : [current]
    },
    fetches: () => fetches,
    async stop() {
      const stopped = server
      server = undefined
      stopped?.closeAllConnections()
      await new Promise<void>((resolve) =>
        stopped === undefined ? resolve() : stopped.close(() => resolve()),
      )
    },
    async start() {
      if (server !== undefined) return
      server = newServer()
      await listen(server, port)
    },
  }
}
