import { ConfigError, type Sallyport, UnavailableError } from '@sallyport/core'
import { type Caller, type Gate, gateOf, isName, type Route } from '@sallyport/core/adapter'
import { type CredentialChange, claimsOf } from './credential-change.ts'
import { CREDENTIAL_CHANGE } from './events.ts'
import { parseOptions, type SignalsOptions } from './options/index.ts'
import type { ReceiveSettings } from './options/receive.ts'
import type { SendSettings } from './options/send.ts'
import { tellPasswordChange } from './password-change.ts'
import { createActing } from './received/act.ts'
import { receiverRoute, type Transmitter } from './received/endpoint.ts'
import { type PollerParts, startPolling } from './received/poller.ts'
import { createTake } from './received/take.ts'
import { SIGNAL, type SignalBody } from './sent/message.ts'
import { startTransmitter } from './sent/start.ts'
import { createOperatorStreams, type OperatorStreams } from './sent/streams/operator.ts'
import { createWaits, type Waits } from './waits.ts'

/** A signal that the application sends. */
export interface OutgoingSignal {
  /** The URI of its type. Receivers get the types that their option `events` names. */
  readonly type: string
  /** The user whom it is about. */
  readonly subject: string
  /** The session that it is about. Default: the user as such. */
  readonly session?: string | undefined
  /**
   * What the event says besides. `event_timestamp` is added, and a `reason_admin` to `session-revoked` and
   * `credential-change`, unless they are there. At most 4 KiB as JSON.
   */
  readonly claims?: Readonly<Record<string, unknown>> | undefined
}

/** What a deployment hears of others, and what they hear of it. */
export interface Signals {
  /** `POST /signals`, where tokens are pushed to. Empty without the option `receive`. */
  readonly receiver: readonly Route[]
  /** The endpoints for those to whom signals are sent. Mount them at `send.path`. Empty without the option `send`. */
  readonly transmitter: readonly Route[]
  /** `GET /.well-known/ssf-configuration`, mounted at the root. Empty without the option `send`. */
  readonly wellKnown: readonly Route[]
  /**
   * Tells the receivers that a credential of a user changed. Resolves once the message is kept, and rejects with an
   * `UnavailableError` if it is not known to be; with a `TypeError` for a wrong argument, and without the option `send`; with a
   * `RangeError` if it is longer than 4 KiB.
   */
  credentialChange(subject: string, change: CredentialChange): Promise<void>
  /**
   * Tells the receivers anything else. Resolves and rejects as `credentialChange` does.
   */
  send(signal: OutgoingSignal): Promise<void>
  /** The streams that receivers have set up (option `send.receivers.*.streams`). */
  readonly streams: OperatorStreams
  /** Asks no transmitter any more, and answers those who wait for signals. Call it before you close a server. */
  close(): void
}

/** No token is older (RFC 8417 leaves it to the receiver), and none may say when it ends (SSF 1.0, section 4.1.7). */
const SET_RULE = {
  kind: 'signal',
  types: new Set(['secevent+jwt']),
  maxAgeSeconds: 86_400,
  expiry: 'none',
} as const

/**
 * Makes the receiver and the transmitter of shared signals (OpenID SSF 1.0 with CAEP 1.0 and RISC 1.0). Rejects with a
 * `ConfigError` for a wrong option.
 *
 * @example
 * ```ts
 * import { createSallyport } from '@sallyport/express'
 * import { createSignals } from '@sallyport/signals'
 * import express from 'express'
 *
 * const sallyport = await createSallyport({ issuer: 'https://app.example.com' })
 * const { receiver } = await createSignals(sallyport, {
 *   receive: {
 *     transmitters: [
 *       {
 *         issuer: 'https://idp.example.com',
 *         jwks: 'https://idp.example.com/jwks.json',
 *         audience: 'https://app.example.com',
 *       },
 *     ],
 *   },
 * })
 *
 * const app = express()
 * app.use('/auth', sallyport.router(...receiver))
 * ```
 *
 * @see [SSF 1.0](https://openid.net/specs/openid-sharedsignals-framework-1_0-final.html)
 */
export async function createSignals(sallyport: Sallyport, options: SignalsOptions): Promise<Signals> {
  const gate = gateOf(sallyport)
  const { receive, send } = parseOptions(options, gate.statements.parse)
  const waits = createWaits()
  const { receiver, pollers } =
    receive === undefined ? NOTHING : await prepareReceiving(sallyport, gate, receive, waits)
  const sending = send && startSending(gate, send, waits)
  // They come last: if anything throws before, nobody can stop them.
  for (const one of pollers) startPolling(one)
  if (send === undefined || sending === undefined)
    return {
      ...{ receiver, transmitter: [], wellKnown: [], streams: createOperatorStreams([], undefined) },
      credentialChange: refuseToSend,
      send: refuseToSend,
      close: waits.close,
    }
  const stopListening = send.passwordChanges
    ? sallyport.on('event', (event) => {
        if (event.event === 'password.changed' && event.sub !== undefined)
          void tellPasswordChange(event.sub, event.sid, { ...sending, waits, notice })
      })
    : () => {}
  return {
    ...{ receiver, ...sending },
    close() {
      stopListening()
      waits.close()
    },
  }
}

function notice(message: string): void {
  process.emitWarning(message, 'SallyportNotice')
}

interface Receiving {
  readonly receiver: readonly Route[]
  readonly pollers: readonly PollerParts[]
}
const NOTHING: Receiving = { receiver: [], pollers: [] }

async function prepareReceiving(
  sallyport: Sallyport,
  gate: Gate,
  settings: ReceiveSettings,
  waits: Waits,
): Promise<Receiving> {
  const { subjectOf, onSignal, transmitters } = settings
  const acting = {
    act: createActing({ ...sallyport, findOwner: gate.findOwner }),
    own: gate.issuer,
    issuers: issuersIn(settings, gate),
    critical: new Map(
      transmitters.map(({ sender, criticalMembers }) => [sender.issuer, new Set(criticalMembers)]),
    ),
  }
  const take = createTake({ ...acting, subjectOf, onSignal, notice })
  const refused = (reason: string, caller: Caller): void =>
    sallyport.emit({ event: 'request.refused', outcome: 'failure', reason }, caller)
  const made = await Promise.all(
    transmitters.map(async ({ sender, ...one }) => ({
      ...one,
      reader: await gate.statements.from(sender, SET_RULE),
    })),
  )
  const pushing: Transmitter[] = []
  const pollers: PollerParts[] = []
  for (const { reader, authorization, poll } of made) {
    if (poll === undefined) pushing.push({ reader, authorization })
    else pollers.push({ endpoint: poll, reader, take, callers: gate.callers, refused, waits, notice })
  }
  const parts = { transmitters: pushing, take, callers: gate.callers, refused }
  return { receiver: pushing.length === 0 ? [] : [receiverRoute(gate.route, parts)], pollers }
}

/**
 * The transmitters whose access tokens are accepted. Throws a `ConfigError` for one of whom that is not true, and not only when
 * the first signal comes.
 */
function issuersIn({ transmitters }: ReceiveSettings, { verifier }: Gate): ReadonlySet<string> {
  const issuers = new Set<string>()
  for (const [index, { tokens, sender }] of transmitters.entries()) {
    if (!tokens) continue
    try {
      verifier({ issuers: [sender.issuer] })
    } catch (cause) {
      if (!(cause instanceof ConfigError)) throw cause
      const path = `signals.receive.transmitters.${index}.tokens`
      throw new ConfigError(path, {
        sentence: `"${path}" needs the transmitter in the option "issuers" of createSallyport`,
      })
    }
    issuers.add(sender.issuer)
  }
  return issuers
}

function startSending(gate: Gate, settings: SendSettings, waits: Waits): Omit<Signals, 'receiver' | 'close'> {
  const { outbox } = gate
  const { routes, wellKnown, streams } = startTransmitter(gate, settings, waits)

  async function send({ type, subject, session, claims = {} }: OutgoingSignal): Promise<void> {
    if (!isName(type) || !isName(subject) || (session !== undefined && !isName(session)))
      throw new TypeError(
        '"type", "subject" and "session" must be strings of 1 to 255 characters, without zero characters or halves of surrogate pairs',
      )
    const outcome = await outbox.append({
      ...{ kind: SIGNAL, subject, body: JSON.stringify({ type, claims } satisfies SignalBody) },
      ...(session === undefined ? {} : { session }),
    })
    if (outcome.kind === 'unavailable') throw new UnavailableError()
  }

  return {
    transmitter: routes,
    wellKnown: [wellKnown],
    streams,
    send,
    credentialChange: async (subject, change) =>
      send({ type: CREDENTIAL_CHANGE, subject, session: change.session, claims: claimsOf(change) }),
  }
}

function refuseToSend(): Promise<never> {
  return Promise.reject(new TypeError('signals are sent to nobody: set the option "signals.send"'))
}
