import type { SignatureLimit } from './access/signature-limit.ts'
import type { TokenCacheSettings } from './access/token-cache.ts'
import type { BindingSettings, ComponentPolicy } from './binding/device.ts'
import type { OriginSettings } from './gate/csrf.ts'
import type { PathSettings, SessionSettings } from './gate/parts.ts'
import type { SharedRingSettings } from './keys/shared-ring.ts'
import type { IssuerOptions, TrustedIssuer } from './options/issuers.ts'
import type { Clock, Random } from './ports/clock.ts'
import type { Signer, SigningAlgorithm, VerificationKey } from './ports/signer.ts'
import type { StoreDriver } from './ports/store.ts'
import type { ClaimsOf, OwnClaimsSettings } from './tokens/custom-claims.ts'
import type { IssueSettings } from './tokens/issue.ts'
import type { ClaimRecipient } from './tokens/sealed-claim.ts'

/** What `createSallyport` takes. Every option is checked at start and refused by its path. */
export interface SallyportOptions {
  /** `iss` of the access tokens: an https URL (http on loopback). Required in production. */
  readonly issuer?: string | undefined
  /** `aud` of the access tokens, and what is accepted. Required in production. */
  readonly audience?: string | readonly string[] | undefined
  /**
   * At least 32 random bytes (a text counts as its UTF-8 bytes), from which every internal key is
   * derived. Processes that share a store need the same one. Given a list, the first is used and the
   * others are still accepted. Required in production; otherwise made at start.
   */
  readonly secret?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined
  /** Where sessions live. Required in production. Default: the memory of this process. */
  readonly store?: StoreDriver | undefined
  /**
   * What access tokens are. `jwt`: signed, everybody can read them. `encrypted`: the same, but only this deployment
   * can. `reference`: opaque, read from the session's record by each process that sees one for the first time; such a
   * token is good only while that record is there. Default `jwt`.
   */
  readonly accessToken?: 'jwt' | 'encrypted' | 'reference' | undefined
  readonly access?: AccessOptions | undefined
  readonly refresh?: RefreshOptions | undefined
  readonly revocation?: RevocationOptions | undefined
  readonly binding?: Partial<BindingSettings> | undefined
  readonly limits?: LimitOptions | undefined
  readonly claims?: ClaimsOptions | undefined
  /** Other issuers whose access tokens are accepted, besides those of sessions here. Default: none. */
  readonly issuers?: readonly IssuerOptions[] | undefined
  readonly cookie?: CookieOptions | undefined
  readonly origins?: OriginOptions | undefined
  readonly clients?: ClientOptions | undefined
  readonly paths?: PathOptions | undefined
  /** Refuse to start without what production needs. Default: whether `NODE_ENV` is `production`. */
  readonly production?: boolean | undefined
  /** For tests. Default: the system's. */
  readonly clock?: Clock | undefined
  /** For tests. Default: the system's. */
  readonly random?: Random | undefined
}

export interface AccessOptions {
  /** Seconds that an access token lives. Default 900; at most 1800. */
  readonly ttlSeconds?: number | undefined
  /** Algorithm of the key that is made at first start; with `keys`, that of the first of them. Default `EdDSA`. */
  readonly algorithm?: SigningAlgorithm | undefined
  /**
   * Seconds that a key of the store signs until the next one does. Default 2,592,000 (30 days); 3,600 (1 hour)
   * to 7,776,000 (90 days). The next one is published six minutes before; an earlier one verifies until
   * the last token that it signed is dead.
   */
  readonly rotationSeconds?: number | undefined
  /**
   * Private JWKs instead of keys in the store: the first signs, all of them verify; those after it may be
   * public. With `signers` all of them may be, and none signs.
   */
  readonly keys?: readonly object[] | undefined
  /**
   * Keys that never leave an HSM or a key management service instead of keys in the store, as `pkcs11Signer()`
   * and `awsKmsSigner()` make them: the first signs, all of them verify.
   */
  readonly signers?: readonly (Signer & VerificationKey)[] | undefined
  /** What a process remembers of the access tokens that it verified. */
  readonly cache?: CacheOptions | undefined
}

/**
 * Claims of your own in access tokens. They are signed, not encrypted: whoever sees a token reads them, so what looks
 * like personal data or a secret is refused with a `ClaimsError` that names the claim.
 */
export interface ClaimsOptions {
  /** Gives the claims for one token; asked at sign-in and at each refresh. */
  readonly of: ClaimsOf
  /** Names that there may be. Default: any but those that the library writes. */
  readonly allow?: readonly string[] | undefined
  /** Claims, by name or path, whose content is not looked at: ids that look like a card's, for instance. Default: none. */
  readonly exempt?: readonly string[] | undefined
  /** Most bytes of all of them as JSON. Default 1024; 1 to 4096, sealed ones as they are sent. */
  readonly maxBytes?: number | undefined
  /**
   * Claims that one audience alone is to read, by name: each is encrypted for its key (ECDH-ES+A256KW or RSA-OAEP-256,
   * A256GCM), and read there by `openClaim`. Default: none.
   */
  readonly sealed?: Readonly<Record<string, ClaimRecipient>> | undefined
  /** What becomes of leaks. `warn`, which lets them through with a notice, is not for production. Default `refuse`. */
  readonly leaks?: 'refuse' | 'warn' | undefined
}

export interface CacheOptions {
  /** Tokens at most; those of a quarter of an hour's users fit best. Default 100,000; at least 1. */
  readonly entries?: number | undefined
  /** Bytes at most, by estimate. Default 167,772,160 (160 MiB); at least 65,536. */
  readonly bytes?: number | undefined
}

export interface RefreshOptions {
  /** Seconds that a session lives without a refresh. Default 604,800 (7 days); at most 2,592,000 (30 days). */
  readonly idleSeconds?: number | undefined
  /** Seconds that a session lives at all. Default and at most 2,592,000 (30 days). */
  readonly absoluteSeconds?: number | undefined
  /** Seconds in which the previous refresh token still converges on the current one. Default 10; at most 60; 0 turns it off. */
  readonly graceSeconds?: number | undefined
  /**
   * Whether the previous refresh token also converges while its successor was never seen in use: the
   * answer may have been lost. Default `recover`. With `refuse` and `graceSeconds: 0` a token works exactly once.
   */
  readonly lostResponse?: 'recover' | 'refuse' | undefined
}

export interface RevocationOptions {
  /** `replicated`: each process holds the live revocations. `strict`: the store is asked on every request. Default `replicated`. */
  readonly mode?: 'replicated' | 'strict' | undefined
  /** Seconds that a process judges by its copy alone while the store is away. Default 10; 0 to 300. */
  readonly maxStalenessSeconds?: number | undefined
}

export interface LimitOptions {
  /** Sessions of one user at once; over it, the one refreshed longest ago ends. Default 0: no limit. */
  readonly sessions?: number | undefined
  /** Refreshes of one user in a window. Default: no limit. */
  readonly refreshes?: { readonly count: number; readonly windowSeconds: number } | undefined
  /** Answers that one generation gives to holders of the previous refresh token. Default 0: no limit. */
  readonly converged?: number | undefined
  /**
   * Asked before an access token is looked into that this process has not found genuine yet, with the address
   * and the User-Agent that sent it: the seconds after which to come again (429), or 0 to go on; a promise of
   * them costs more than a number. Default: no limit.
   */
  readonly signatures?: SignatureLimit | undefined
}

export interface CookieOptions {
  /** Must begin with `__Host-`. Default `__Host-refresh`. */
  readonly name?: string | undefined
}

export interface OriginOptions {
  /** Further web origins that may call the cookie routes, as `https://app.example.com`. Default: none. */
  readonly allowed?: readonly string[] | undefined
  /**
   * What to do at a cookie route with a request that has neither `Origin` nor `Sec-Fetch-Site`: every
   * browser of today sends one of them, other clients send none. Default `accept`.
   */
  readonly missing?: 'accept' | 'refuse' | undefined
}

/** `client_id` of sessions whose sign-in names none, by how their refresh token travels. */
export interface ClientOptions {
  /** Default `web`. */
  readonly cookie?: string | undefined
  /** Default `native`. */
  readonly body?: string | undefined
}

/** Where the routers are mounted: told to others in the metadata (RFC 8414), decided by your application. */
export interface PathOptions {
  /** Before `/token`. Default `/auth`. */
  readonly auth?: string | undefined
}

/** The options, parsed: complete, checked, frozen. */
export interface Settings {
  readonly tokens: IssueSettings
  readonly tokenCache: TokenCacheSettings
  readonly signatureLimit: SignatureLimit | undefined
  readonly form: 'jwt' | 'encrypted' | 'reference'
  readonly ownClaims: OwnClaimsSettings | undefined
  readonly issuers: readonly TrustedIssuer[]
  readonly algorithm: SigningAlgorithm | undefined
  readonly newKeys: SharedRingSettings
  readonly keys: readonly object[] | undefined
  readonly signers: readonly (Signer & VerificationKey)[] | undefined
  readonly secrets: readonly [Uint8Array, ...Uint8Array[]]
  readonly store: StoreDriver | undefined
  readonly sessions: SessionSettings
  readonly revocation: { readonly mode: 'replicated' | 'strict'; readonly maxStalenessMs: number }
  readonly binding: BindingSettings
  readonly cookieName: string
  readonly origins: OriginSettings
  readonly paths: PathSettings
  readonly clock: Clock | undefined
  readonly random: Random | undefined
  /** What was left to chance, to be told at start. */
  readonly notices: readonly string[]
}

export type { BindingSettings, ComponentPolicy }
