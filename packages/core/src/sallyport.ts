import { createAllowList } from './access/allow-list/index.ts'
import { createApiKeys } from './access/api-keys.ts'
import { createOAuthClients } from './access/clients/index.ts'
import { createEndOnRevocation } from './access/connection-end.ts'
import { createHolders } from './access/holders.ts'
import { createInspection } from './access/inspect.ts'
import { createSignatureLimit } from './access/signature-limit.ts'
import { createAccess } from './access/verify.ts'
import { createCalls, GATE, type Sallyport } from './application/index.ts'
import { createBackchannel } from './backchannel/index.ts'
import { createDevices } from './binding/device.ts'
import { createClockWatch } from './dependencies/clock-watch.ts'
import { createReadiness } from './dependencies/readiness.ts'
import { createFingerprints } from './gate/browser/fingerprint.ts'
import { createCallers } from './gate/callers.ts'
import { createGate } from './gate/gate.ts'
import { loadTrustedIssuers } from './issuers/load.ts'
import { createStatements } from './issuers/statements.ts'
import { prepareRing } from './keys/prepare-ring.ts'
import type { RingWatch } from './keys/ring.ts'
import { JWKS_MAX_AGE_SECONDS } from './keys/schedule.ts'
import { memoryKeys, memoryStore } from './memory/store.ts'
import { parseOptions, type SallyportOptions } from './options/index.ts'
import { parseSender } from './options/issuers/sender.ts'
import { parseVerify } from './options/verify.ts'
import { createOutbox } from './outbox/index.ts'
import type { Clock } from './ports/clock.ts'
import type { Signer } from './ports/signer.ts'
import { createReplica } from './revocation/replica.ts'
import { deriveKeys, keysFor } from './secrets.ts'
import { createSessions } from './sessions/index.ts'
import { createRefreshTokens } from './sessions/tokens/refresh-token.ts'
import { createSharedState } from './state/index.ts'
import { createSystemRandom, systemClock } from './system.ts'
import { createCustomClaims } from './tokens/custom/custom-claims.ts'
import { createSubjectJudge } from './tokens/custom/subject.ts'
import { createTokenForm } from './tokens/forms/form.ts'
import { ownFormsOf } from './tokens/forms/own-forms.ts'
import { createTokenIssue } from './tokens/issue.ts'
import { createJwtSigning } from './tokens/signing.ts'
import { ownSource } from './tokens/source.ts'
import { createStatementSigning } from './tokens/statements/sign.ts'
import { createTokenVerification } from './tokens/verify.ts'
import { createCallbacks } from './watch/callbacks.ts'
import { createConnections } from './watch/connections.ts'
import { createEvents } from './watch/events.ts'
import { createWatch } from './watch/index.ts'
import { createLockouts } from './watch/lockout/index.ts'
import { createTally } from './watch/metrics/tally.ts'
import { createTraced } from './watch/traces/traced.ts'

/** If the announcement of a revocation is lost, the revocation still arrives within this time. */
const HEARTBEAT_MS = 800

/**
 * Creates a `Sallyport` from its options.
 *
 * Rejects with a `ConfigError` for a wrong option, and for a wrong configuration that the store itself reports.
 * Resolves even if the store cannot be reached; requests are then answered 503 until it can.
 *
 * @example
 * ```ts
 * import { createSallyport } from '@sallyport/core'
 *
 * const { sessions, close } = await createSallyport({ secret: process.env.SALLYPORT_SECRET })
 * const { ended } = await sessions.revokeAll('user-1')
 * console.log(`ended ${ended.length} sessions`)
 * await close()
 * ```
 */
export async function createSallyport(options: SallyportOptions = {}): Promise<Sallyport> {
  const opened: { close(): unknown }[] = []
  try {
    return await compose(options, opened)
  } catch (cause) {
    // What can only be refused once the store is open must leave nothing at work.
    await closeAll(opened)
    throw cause
  }
}

/** @param opened gets what has to be closed, in this order */
async function compose(options: SallyportOptions, opened: { close(): unknown }[]): Promise<Sallyport> {
  const settings = parseOptions(options, process.env.NODE_ENV === 'production')
  const notice = (message: string): void => process.emitWarning(message, 'SallyportNotice')
  const { clock = systemClock, random = createSystemRandom(), production } = settings
  const secrets = deriveKeys(settings.secrets, settings.issuer)

  const callbacks = createCallbacks(notice)
  const callers = createCallers(random)
  const { emit, emitSoon, emitWaiting, on, revoked } = createEvents(clock, callers, callbacks)
  const connections = createConnections(clock)
  const tally = createTally()
  const ringWatch: RingWatch = {
    notice,
    rotated: (kid) => emit({ event: 'key.rotated', outcome: 'success', kid }),
    compromised: (kid) => emit({ event: 'key.compromised', outcome: 'success', kid }),
  }
  // Wrong options must be refused before the store is opened.
  const makeRing = await prepareRing({ ...settings, secrets, clock, random, watch: ringWatch, memoryKeys })
  const form = await createTokenForm(settings.form, secrets)
  const customClaims = settings.customClaims && (await createCustomClaims(settings.customClaims, notice))
  const issuers = await loadTrustedIssuers(settings.issuers, settings.issuer, clock, notice)
  const integrityKeys = keysFor(secrets, 'storedGrants')
  const store = await (settings.store ?? memoryStore()).open({
    ...{ random, notice, production, integrityKeys, outbox: settings.outbox },
  })
  opened.push(store)
  for (const message of settings.notices) notice(message)

  const ring = makeRing(store.keys)
  const clocks = createClockWatch(notice)
  /** By which tokens are issued, since revocations are judged by it. */
  const storeClock: Clock = { now: () => clock.now() + clocks.offset(), monotonic: () => clock.monotonic() }
  const replica = createReplica(
    store.revocations,
    { ...settings.revocation, heartbeatMs: HEARTBEAT_MS },
    clock,
    {
      onRevoked(revocation) {
        if (revocation.kind === 'key') ring.distrust(revocation.kid)
        connections.revoked(revocation)
        revoked(revocation)
      },
      onForgotten: () =>
        emit({ event: 'store.rollback', outcome: 'success', reason: 'revocations_put_back' }),
      putBackOthers: ring.putBack,
      storeTime: () => storeClock.now(),
      onAnnounced: (at) => tally.arrived(storeClock.now() - at),
      // A clock of the application's own is for tests, and need not agree with anybody's.
      onTime(at, asked, answered) {
        if (clock === systemClock) clocks.observe(at, asked.wall, answered.wall)
      },
    },
  )
  const standings = createAllowList({
    ...{ ...store, settings, replica, clock: storeClock },
    onGone: (session) => connections.revoked({ kind: 'session', session }),
  })
  const { lifetimes } = settings.sessions
  const source = ownSource(settings, ring)
  const ownForms = ownFormsOf(form, {
    ...{ source, lifetimes, customClaims, clock, accessSeconds: settings.accessSeconds },
    ...{ sessions: store.sessions, apiKeys: settings.apiKeys && store.apiKeys },
  })
  const signJwt = createJwtSigning(clock, notice)
  const issueToken = createTokenIssue({ settings, form, customClaims, clock: storeClock, random, signJwt })
  const forms = { ...ownForms, introspect: issuers.introspect, areReferencesForeign: settings.verifiesOnly }
  const verifyToken = createTokenVerification([source, ...issuers.sources], forms, clock)

  const refreshTokens = createRefreshTokens(keysFor(secrets, 'refreshTokens'))
  const signer = (): Signer | undefined => (clocks.isOff() ? undefined : ring.signer())
  const statements = createStatements({
    sign: createStatementSigning({ ...settings, signJwt, signer, clock: storeClock, random }),
    ...{ parse: parseSender, once: store.once, clock: storeClock, notice },
  })
  const devices = createDevices(keysFor(secrets, 'fingerprints'), settings.binding)
  const judgeSubject = createSubjectJudge(settings, notice)
  const keyParts = { settings: settings.apiKeys, judgeSubject, replica, emit, clock: storeClock, random }
  const apiKeys = createApiKeys({ store: store.apiKeys, ...keyParts })
  const outbox = createOutbox({
    ...{ settings: settings.outbox, store: store.outbox, emit, clock: storeClock, random },
  })
  const sessions = createSessions({
    ...{ store: store.sessions, revocations: store.revocations, once: store.once, replica, signer },
    ...{ settings: settings.sessions, accessSeconds: settings.accessSeconds, issueToken, refreshTokens },
    ...{ devices, emit, onIssuing: standings.note, onEnded: outbox.wake },
    ...{ boundKeys: settings.boundKeys, boundKeyKeys: keysFor(secrets, 'boundKeys') },
    ...{ judgeSubject, apiKeys, outbox: store.outbox, traced: createTraced(settings.tracer) },
    ...{ clock: storeClock, random },
  })
  const { list, end, renew, forget, revoke } = sessions

  const lockout = createLockouts({
    ...{ counters: store.counters, settings: settings.lockout, random },
    ...{ counterKey: keysFor(secrets, 'counters')[0], deviceKeys: keysFor(secrets, 'knownDevices') },
    ...{ callbacks, emit, notice, clock: storeClock },
  })
  const watch = createWatch({
    ...{ settings, store, on, emit, emitWaiting, callbacks, notice, devices, random, tally, clock },
    ...{ sessions: list, endSession: end.one, lockAccount: lockout.lock, connections: connections.count },
    ...{ keys: ring.list, staleMs: replica.staleMs, revocations: replica.size },
    sightingKey: keysFor(secrets, 'sightings')[0],
  })
  const { activity, audit, whenTold, risk, settled } = watch
  opened.unshift(connections, outbox, replica, ring, issuers, statements, watch)

  const signatureLimit = createSignatureLimit(settings.signatureLimit, notice)
  const inspect = createInspection({ verifyToken, signatureLimit, cache: settings.tokenCache, tally, clock })
  const fingerprints = createFingerprints(settings.fingerprintCookie, random)
  const holders = createHolders({
    ...{ settings, once: store.once, nonceKeys: keysFor(secrets, 'proofNonces'), clock: storeClock, notice },
    fingerprintOf: (sender) => fingerprints.of(sender)?.fgp,
  })
  const accessParts = { inspect, possession: holders.possession, standings, store: store.sessions }
  const access = createAccess({ ...accessParts, emit, emitSoon, callers, tally, audit, whenTold })
  const oauth = await createOAuthClients({
    ...{ ...accessParts, settings, statements, counters: store.counters, emit, callers, clock: storeClock },
    counterKey: keysFor(secrets, 'counters')[0],
  })
  const takeLogout = await createBackchannel(settings.backchannel, {
    ...{ statements, sign: statements.sign, outbox, end, list, store: store.sessions, issuers },
    ...{ ownIssuer: settings.issuer, emit, notice, clock: storeClock },
  })
  const endOnRevocation = createEndOnRevocation({ connections, replica, callbacks })
  const gate = createGate({
    ...{ settings, access, oauth, inspect, ...holders, fingerprints, deviceName: devices.labelOf },
    ...{ sessions, refreshTokens, lockout, activity, risk, endOnRevocation },
    ...{ statements, outbox, takeLogout, tellsLogout: settings.backchannel.clients.length > 0 },
    state: createSharedState({ store, secrets, notice, clock: storeClock, random }),
    required: audit.required,
    ...{ emit, callers, callbacks, notice, clock },
    parseVerify: (given) => parseVerify(given, settings),
    publishedKeys: ring.published,
    keysMaxAgeSeconds: JWKS_MAX_AGE_SECONDS,
  })

  const checks = [() => store.ping(), replica.catchUp, async () => !clocks.isOff(), ring.ready]
  let closing: Promise<void> | undefined

  await Promise.all([ring.start(), replica.start(), issuers.start()])

  return {
    ...createCalls({
      ...{ apiKeys, list, end, renew, forget, revoke, access, lockout, settled, ring, replica, issuers },
      ...{ store: store.revocations, outbox, audit, risk, emit, callers, clock, notice },
    }),
    on,
    emit,
    endOnRevocation,
    endConnections: connections.close,
    ready: createReadiness(checks, clock),
    close() {
      closing ??= closeAll(opened)
      return closing
    },
    [GATE]: gate,
  }
}

async function closeAll(parts: readonly { close(): unknown }[]): Promise<void> {
  for (const part of parts) await part.close()
}
