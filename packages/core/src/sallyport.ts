import { randomBytes } from 'node:crypto'
import { identityOf } from './access/known-token.ts'
import { createSignatureLimit } from './access/signature-limit.ts'
import { type ApplicationCalls, applicationCalls } from './application.ts'
import { createDevices } from './binding/device.ts'
import { createRefreshCookie } from './gate/cookies.ts'
import { createGate, type Gate } from './gate/gate.ts'
import type { GateParts } from './gate/parts.ts'
import { createGivenRing } from './keys/given/given-ring.ts'
import { readGivenKeys } from './keys/given/read-given.ts'
import type { KeyRing, RingWatch } from './keys/ring.ts'
import { createSharedRing } from './keys/shared-ring.ts'
import { memoryStore } from './memory/store.ts'
import { parseOptions } from './options/index.ts'
import type { SallyportOptions } from './options.ts'
import type { Clock } from './ports/clock.ts'
import type { Store } from './ports/store.ts'
import { createReplica } from './revocation/replica.ts'
import type { Auth } from './seam/http.ts'
import { deriveKeys } from './secrets.ts'
import { createRefreshTokens } from './sessions/refresh-token.ts'
import { createTokenParts } from './token-parts.ts'
import { createConnections } from './watch/connections.ts'
import { createEvents, type Emit, type EventMap } from './watch/events.ts'

/** Session security, without a framework: what an adapter wraps, and what an application calls. */
export interface Sallyport extends ApplicationCalls {
  readonly gate: Gate
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
  const given = await readGivenKeys(settings)

  const clock = settings.clock ?? systemClock
  const events = createEvents(clock, notice)
  const connections = createConnections(notice)
  const secrets = deriveKeys(settings.secrets)
  const [secret, ...earlier] = secrets
  const store = await (settings.store ?? memoryStore()).open({ notice })
  for (const message of settings.notices) notice(message)
  const watch: RingWatch = {
    notice,
    rotated: (kid) => events.emit({ event: 'key.rotated', outcome: 'success', kid }),
    compromised: (kid) => events.emit({ event: 'key.compromised', outcome: 'success', kid }),
  }
  const ring =
    given === undefined
      ? createSharedRing(
          store.keys,
          // What encrypts keys is loaded only where there are keys to be kept.
          (await import('./keys/seal.ts')).createKeySeal(secrets),
          settings.newKeys,
          clock,
          watch,
        )
      : createGivenRing(given, store.keys, clock, watch)
  let forgottenAt = Number.NEGATIVE_INFINITY
  const replica = createReplica(
    store.revocations,
    { ...settings.revocation, pullEveryMs: PULL_EVERY_MS },
    clock,
    {
      onRevoked(revocation) {
        if (revocation.kind === 'key') ring.distrust(revocation.kid)
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
  const tokens = await createTokenParts({ settings, secrets, ring, sessions: store.sessions, clock, notice })
  const parts: GateParts = {
    tokens: settings.tokens,
    issueToken: tokens.issue,
    verifyToken: tokens.verify,
    tokenCache: settings.tokenCache,
    signatureLimit: createSignatureLimit(settings.signatureLimit, notice),
    sessions: settings.sessions,
    origins: settings.origins,
    paths: settings.paths,
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
  await Promise.all([ring.start(), replica.start(), tokens.start()])

  return {
    gate: createGate(parts),
    ...applicationCalls(parts),
    endOnRevocation(auth, end) {
      const token = identityOf(auth, settings.tokens.issuer)
      // It may have been revoked between its verification and now.
      if (replica.knowsRevoked(token)) queueMicrotask(end)
      return connections.add(token, end)
    },
    emit: events.emit,
    on: events.on,
    ready: () => isReady(store, ring),
    async close() {
      replica.close()
      ring.close()
      tokens.close()
      await store.close()
    },
  }
}

async function isReady(store: Store, ring: KeyRing): Promise<boolean> {
  if (!(await store.ping())) return false
  if (ring.signer() === undefined) await ring.putBack()
  return ring.signer() !== undefined
}
