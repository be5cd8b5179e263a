/** Options of `createClient`. All have defaults. */
export interface ClientOptions {
  /**
   * Where the routers are mounted: `POST` goes to `refresh` and `logout` below it. Default `/auth`. On another origin,
   * that origin must allow this page, and requests below it send cookies.
   */
  readonly authUrl?: string | undefined
  /**
   * Origins that get the access token, besides the page's own and that of `authUrl`, such as `https://api.example.com`. No other request
   * carries it. Default: none.
   */
  readonly origins?: readonly string[] | undefined
  /**
   * Authenticates the user again, when a request was answered 401 `insufficient_user_authentication` (RFC 9470): asks
   * for a password or a code, and sends it by {@link Client.signIn}. Resolves to whether to repeat the request.
   * Default: the 401 is returned.
   */
  readonly stepUp?: ((challenge: StepUpChallenge) => Promise<boolean>) | undefined
  /**
   * Where the refresh token is kept, for those who can't have cookies: native apps, and pages in their shells. Sign-ins
   * must ask for it by the header `X-Token-Transport: body`, and the endpoint `token` must be mounted. Default: the
   * refresh token is in a cookie.
   */
  readonly storage?: TokenStorage | undefined
  /**
   * The key to which tokens are bound (RFC 9449): `dpopKey` of `@sallyport/client/dpop`. Sign-ins must be sent by the `fetch` that
   * {@link Client.signIn} gives. Default: tokens are bound to no key.
   */
  readonly dpop?: ProofKey | undefined
  /**
   * Says what the device is like, for the header `Device-Signals` of refreshes, and of what is sent by the `fetch` that
   * {@link Client.signIn} gives: `deviceSignals` of `@sallyport/client/device-signals`. An empty string: nothing is sent. Default:
   * nothing.
   */
  readonly deviceSignals?: (() => string) | undefined
  /**
   * The access token that came with the page: what `handedOver` of `@sallyport/client/page` gives. It is used until it is
   * about to expire. Default: none.
   */
  readonly handedOver?: Readonly<Record<string, unknown>> | undefined
  /** Milliseconds that a refresh may take before it counts as failed: an integer from 1 to 1e9. Default 10,000. */
  readonly timeoutMs?: number | undefined
  /** Sends every request. Default: the global `fetch`, as it is when a request is sent. */
  readonly fetch?: typeof fetch | undefined
}

/**
 * A place for one string, which holds the refresh token: the keychain of the system, or `encryptedStorage` of
 * `@sallyport/client/storage`.
 */
export interface TokenStorage {
  /** `undefined`: nothing is there. */
  load(): Promise<string | undefined>
  /** Resolves when it is there to stay. */
  save(text: string): Promise<void>
}

/** A key to which the tokens of a session are bound. It adds a proof that it is held to each request (RFC 9449). */
export interface ProofKey {
  /** Sends a request with a proof, unless it has a token that is bound to no key. */
  send(request: Request, fetch: typeof globalThis.fetch): Promise<Response>
  /** The same for a sign-in, which begins a session with a key of its own. A request with a token is no sign-in. */
  signIn(request: Request, fetch: typeof globalThis.fetch): Promise<Response>
  /** Deletes the key. Tokens that are bound to it are worth nothing then. */
  forget(): Promise<void>
}

/** What a resource asks for (RFC 9470, section 3). */
export interface StepUpChallenge {
  /** How strong the authentication must be: one of these. */
  readonly acrValues: readonly string[]
  /** How many seconds ago it may have been. */
  readonly maxAge: number | undefined
}

/** Whether somebody is signed in. `unknown`: nobody has asked the server yet. */
export type ClientState = 'unknown' | 'signed_in' | 'signed_out'

/**
 * What has changed. `here`: by a call in this tab; `elsewhere`: in another tab, or another user signed in there; `ended`:
 * the session is over, or was ended by somebody else.
 */
export interface ClientChange {
  readonly state: 'signed_in' | 'signed_out'
  readonly by: 'here' | 'elsewhere' | 'ended'
}

/**
 * Keeps a user signed in. The access token is in memory alone, and the refresh token in a cookie that no script can read.
 * All tabs of one origin share each refresh, and what a lost answer left behind is mended by the next one, after a reload
 * or a crash as well.
 */
export interface Client {
  readonly state: ClientState
  /**
   * `fetch`, with the access token for the page's own origin, that of `authUrl` and those of `origins`. Gets a token first if there is none,
   * and renews one that is about to expire. A request that is answered 401 because of its token is repeated once with a new
   * one, unless its body is a stream. Where nobody is signed in, it is sent without a token.
   *
   * Rejects as `fetch` does, and if no token could be got although somebody may be signed in: a {@link ClientError}.
   */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>
  /**
   * The access token, renewed if it is about to expire, for what is no `fetch`, such as a WebSocket. `undefined`: nobody is
   * signed in. Rejects with a {@link ClientError} if that could not be found out.
   */
  token(): Promise<string | undefined>
  /**
   * Sends a sign-in or a step-up, and takes over its answer in all tabs, if that is JSON with `access_token` and
   * `expires_in`. Its body is left for you to read. No tab refreshes meanwhile, since the answer to an older refresh would
   * bring back the cookie of the session before.
   *
   * ```ts
   * import { createClient } from '@sallyport/client'
   *
   * const client = createClient()
   * const body = new URLSearchParams({ username: 'alice', password: 'a password' })
   * const answer = await client.signIn((_token, fetch) => fetch('/auth/login', { method: 'POST', body }))
   * ```
   *
   * @param send is given the access token, if there is one, and a `fetch` that adds what the client's options say, such as
   * proofs. It must not use this client
   */
  signIn(
    send: (token: string | undefined, fetch: typeof globalThis.fetch) => Promise<Response>,
  ): Promise<Response>
  /**
   * Takes over the answer of a sign-in that was sent by other means. Gives whether it had tokens. Prefer
   * {@link Client.signIn}.
   */
  accept(answer: Response): Promise<boolean>
  /**
   * Ends the session, and signs out all tabs, whatever the server says. Rejects with a {@link ClientError} if the server has
   * not ended it: the cookie is still there then, and the next page that loads is signed in.
   *
   * @param options `everywhere`: ends all sessions of the user, by `logout-all`. Default `false`
   */
  signOut(options?: { readonly everywhere?: boolean }): Promise<void>
  /** Calls a listener with each change. Returns a function that removes it. */
  onChange(listener: (change: ClientChange) => void): () => void
  /** Stops listening to other tabs. For tests; a page that goes away needs no call. */
  close(): void
}
