import { randomBytes } from 'node:crypto'
import { createDevices } from './binding/device.ts'
import { ConfigError, shown, UnavailableError } from './errors.ts'
import { createRefreshCookie } from './gate/cookies.ts'
import { createGate, type Gate } from './gate/gate.ts'
import { identityOf } from './gate/known-token.ts'
import type { GateParts } from './gate/parts.ts'
import type { Auth } from './gate/seam.ts'
import { createSignatureLimit } from './gate/signature-limit.ts'
import { endSubject } from './gate/subject.ts'
import { readJwk } from './keys/jwk.ts'
import { createFixedRing, createSharedRing, type KeyRing } from './keys/ring.ts'
import { memoryStore } from './memory/store.ts'
import type { SallyportOptions, Settings } from './options.ts'
import type { Clock } from './ports/clock.ts'
import { tagOf } from './ports/ids.ts'
import type { Session } from './ports/model.ts'
import type { SigningKey, VerificationKey } from './ports/signer.ts'
import type { Store } from './ports/store.ts'
import { createReplica } from './revocation/replica.ts'
import { deriveKeys } from './secrets.ts'
import { createRefreshTokens } from './sessions/refresh-token.ts'
import { parseOptions } from './settings.ts'
import { createTokenIssue } from './tokens/issue.ts'
import { createConnections } from './watch/connections.ts'
import { createEvents, type Emit, type EventMap } from './watch/events.ts'

/** Session security, without a framework: what an adapter wraps, and what an application calls. */
export interface Sallyport {
  readonly gate: Gate
  readonly sessions: {
    /** The live sessions of a user, the latest first. Rejects with `UnavailableError` while the store is away. */
    list(subject: string): Promise<readonly Session[]>
    /** Ends one session and its access tokens; answers whether it was known. Rejects as `list` does. */
    revoke(session: string, reason?: string): Promise<boolean>
  }
  /** Ends every session of a user, and every token issued until now. Rejects as `sessions.list` does. */
  revokeUser(subject: string, reason?: string): Promise<void>
  /** Ends one access token; its session lives on. Rejects as `sessions.list` does. */
  revokeToken(jti: string, reason?: string): Promise<void>
  /**
   * Ends an open connection (a WebSocket, an event stream) as soon as what let it in is revoked, by
   * calling `end`. The returned function forgets the connection; call it when it closes by itself.
   */
  endOnRevocation(auth: Auth, end: () => void): () => void
  /** Tells the listeners of something that the application did, as `login.failed`. The time is added. */
  emit: Emit
  /** Adds a listener; the returned function removes it. */
  on<Name extends keyof EventMap>(name: Name, listener: (event: EventMap[Name]) => void): () => void
  /** Whether requests can be served: the store answers, and there is a key to sign with. */
  ready(): Promise<boolean>
  /** Ends connections and timers. */
  close(): Promise<void>
}

const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() }
/** A lost announcement of a revocation is made up for within this. */
const PULL_EVERY_MS = 400

/**
 * Puts a `Sallyport` together from its options.
 *
 * Throws a `ConfigError` for a wrong option, and for a fault that the store itself reports. Resolves
 * also while the store can't be reached: requests are then answered 503 until it can be.
 */
export async function createSallyport(options: SallyportOptions = {}): Promise<Sallyport> {
  const settings = parseOptions(options, process.env.NODE_ENV)
  const notice = (message: string): void => process.emitWarning(message, 'SallyportNotice')
  const given = await givenKeys(settings)

  const clock = settings.clock ?? systemClock
  const events = createEvents(clock, notice)
  const connections = createConnections(notice)
  const secrets = deriveKeys(settings.secrets)
  const [secret, ...earlier] = secrets
  const store = await (settings.store ?? memoryStore()).open({ notice })
  for (const message of settings.notices) notice(message)
  const ring =
    given === undefined
      ? createSharedRing(
          store.keys,
          // What encrypts keys is loaded only where there are keys to be kept.
          (await import('./keys/seal.ts')).createKeySeal(secrets),
          settings.algorithm ?? 'EdDSA',
          clock,
          notice,
        )
      : createFixedRing(given)
  let forgottenAt = Number.NEGATIVE_INFINITY
  const replica = createReplica(
    store.revocations,
    { ...settings.revocation, pullEveryMs: PULL_EVERY_MS },
    clock,
    {
      onRevoked(revocation) {
        connections.revoked(revocation)
        events.revoked(revocation)
      },
      onForgotten() {
        // All shards are lost at once, and each is put back by itself.
        const isNews = clock.monotonic() - forgottenAt > PULL_EVERY_MS * 2
        forgottenAt = clock.monotonic()
        if (isNews)
          events.emit({ event: 'store.rollback', outcome: 'success', reason: 'revocations_put_back' })
        return ring.putBack()
      },
    },
  )
  const parts: GateParts = {
    tokens: settings.tokens,
    issueToken: createTokenIssue(clock),
    tokenCache: settings.tokenCache,
    signatureLimit: createSignatureLimit(settings.signatureLimit, notice),
    sessions: settings.sessions,
    origins: settings.origins,
    store,
    ring,
    replica,
    devices: createDevices(
      [secret.fingerprints, ...earlier.map((one) => one.fingerprints)],
      settings.binding,
    ),
    refreshTokens: createRefreshTokens([secret.refreshTokens, ...earlier.map((one) => one.refreshTokens)]),
    cookie: createRefreshCookie(settings.cookieName),
    emit: events.emit,
    clock,
    random: settings.random ?? randomBytes,
  }
  await Promise.all([ring.start(), replica.start()])

  return {
    gate: createGate(parts),
    ...applicationCalls(parts),
    endOnRevocation(auth, end) {
      const token = identityOf(auth)
      // It may have been revoked between its verification and now.
      if (replica.knowsRevoked(token)) queueMicrotask(end)
      return connections.add(token, end)
    },
    emit: events.emit,
    on: events.on,
    ready: () => isReady(store, ring),
    async close() {
      replica.close()
      await store.close()
    },
  }
}

/** The keys of the option `access.keys`; `undefined` where the ring is kept in the store. */
async function givenKeys(
  settings: Settings,
): Promise<readonly [SigningKey, ...VerificationKey[]] | undefined> {
  if (settings.keys === undefined) return undefined
  const [first, ...others] = await Promise.all(
    settings.keys.map((jwk, index) => readJwk(jwk, `access.keys.${index}`, settings.algorithm)),
  )
  if (first !== undefined && settings.algorithm !== undefined && first.alg !== settings.algorithm)
    throw new ConfigError(
      'access.algorithm',
      `that of the first key (${first.alg})`,
      shown(settings.algorithm),
    )
  if (first?.privateKey === undefined) throw new ConfigError('access.keys.0', 'a private key', 'a public one')
  const kids = new Set([first, ...others].map((key) => key.kid))
  if (kids.size !== others.length + 1) throw new ConfigError('access.keys', 'keys with different kids')
  return [{ ...first, privateKey: first.privateKey }, ...others]
}

async function isReady(store: Store, ring: KeyRing): Promise<boolean> {
  if (!(await store.ping())) return false
  if (ring.signer() === undefined) await ring.start()
  return ring.signer() !== undefined
}

function applicationCalls(parts: GateParts): Pick<Sallyport, 'sessions' | 'revokeUser' | 'revokeToken'> {
  const { store, replica, clock, emit } = parts
  return {
    sessions: {
      async list(subject) {
        const { lifetimes } = parts.sessions
        const outcome = await store.sessions.list({ tag: tagOf(subject), at: clock.now(), lifetimes })
        if (outcome.kind === 'unavailable') throw new UnavailableError()
        return outcome.sessions
      },
      async revoke(sid, reason = 'revoked_by_application') {
        const outcome = await store.sessions.end({ id: sid, at: clock.now(), evenIfAbsent: true })
        if (outcome.kind === 'unavailable') throw new UnavailableError()
        replica.add({ kind: 'session', session: sid })
        emit({ event: 'session.ended', outcome: 'success', reason, sid })
        return outcome.kind === 'ended'
      },
    },
    async revokeUser(subject, reason = 'revoked_by_application') {
      const outcome = await endSubject(parts, subject)
      if (outcome.kind === 'unavailable') throw new UnavailableError()
      for (const sid of outcome.sessions)
        emit({ event: 'session.ended', outcome: 'success', reason, sub: subject, sid })
    },
    async revokeToken(jti, reason = 'revoked_by_application') {
      const outcome = await store.revocations.revoke({ kind: 'token', jti }, clock.now())
      if (outcome.kind === 'unavailable') throw new UnavailableError()
      replica.add({ kind: 'token', jti })
      emit({ event: 'token.revoked', outcome: 'success', reason, jti })
    },
  }
}
