import type { Devices } from '../binding/device.ts'
import type { Clock, Random } from '../ports/clock.ts'
import { newSessionId, type SessionId, tagOf, tagOfSession } from '../ports/ids.ts'
import type { Unavailable } from '../ports/outcome.ts'
import type { BoundTo, Grant, Session, Transport } from '../ports/session.ts'
import type { SessionStore } from '../ports/sessions.ts'
import type { Signer } from '../ports/signer.ts'
import type { Replica } from '../revocation/replica.ts'
import type { Visit } from '../seam/caller.ts'
import type { SubjectJudge } from '../tokens/custom/subject.ts'
import type { Emit } from '../watch/events.ts'
import { ownLifetimes, type SignIn } from './arguments/sign-in.ts'
import type { SessionEnd } from './end.ts'
import type { SessionSettings } from './settings.ts'
import { bondOf } from './tokens/bond.ts'
import type { TokenSet, TokenSets } from './tokens/token-set.ts'

/** What the client of a new session has already. */
export interface Belongings {
  /** The session whose cookie the new one replaces. It ends if it is the same subject's. */
  readonly replaced?: SessionId | undefined
  /** What the client must have from now on. */
  readonly boundTo?: BoundTo | undefined
}

export type OpenSession = (
  signIn: SignIn,
  transport: Transport,
  visit: Visit,
  belongings?: Belongings,
) => Promise<TokenSet | KeyUnavailable | Unavailable>

/** There is no key to sign with, or the key failed to sign. */
export type KeyUnavailable = { readonly kind: 'key_unavailable' }

export interface SessionOpeningParts {
  readonly store: Pick<SessionStore, 'open'>
  readonly replica: Pick<Replica, 'marksOf'>
  readonly signer: () => Signer | undefined
  readonly tokenSets: TokenSets
  readonly judgeSubject: SubjectJudge
  readonly end: Pick<SessionEnd, 'settle'>
  readonly devices: Devices
  readonly settings: SessionSettings
  readonly emit: Emit
  readonly clock: Clock
  readonly random: Random
}

/**
 * Opens a session for a user whom the application has authenticated, and issues its first tokens. Ends the sessions
 * beyond the limit. Rejects with a `TypeError` for lifetimes above those of all sessions, and with a `ClaimsError` if the
 * subject or claims of the application must not be in a token.
 */
export function createSessionOpening(parts: SessionOpeningParts): OpenSession {
  const { store, replica, tokenSets, settings, emit, clock } = parts
  return async (signIn, transport, visit, { replaced, boundTo } = {}) => {
    const { caller, retryKey } = visit
    const own = ownLifetimes(signIn, settings.lifetimes)
    await parts.judgeSubject(signIn.subject)
    const signer = parts.signer()
    if (signer === undefined) return { kind: 'key_unavailable' }
    const device = parts.devices.recognise(visit)
    const tag = tagOf(signIn.subject)
    const now = clock.now()
    const id = newSessionId(tag, parts.random)
    const ip = caller.ip === undefined ? {} : { ip: caller.ip }
    const grant: Grant = {
      subject: signIn.subject,
      client: signIn.client ?? settings.clients[transport],
      scope: (signIn.scope ?? []).join(' '),
      transport,
      authenticatedAt: Math.floor(now / 1000),
      device: device.label,
      ...(signIn.acr === undefined ? {} : { acr: signIn.acr }),
      ...(signIn.amr === undefined ? {} : { amr: Object.freeze([...signIn.amr]) }),
      ...(own === undefined ? {} : { lifetimes: own }),
      ...(signIn.persistent === false ? { transient: true } : {}),
      ...(boundTo === undefined || bondOf(boundTo) === undefined ? {} : { boundTo }),
    }
    // The tokens come first: if they cannot be made, no other session may have ended for this one.
    const session: Session = { ...grant, id, generation: 1, createdAt: now, rotatedAt: now, ...ip }
    const early = await tokenSets.issue(session, signer, 0)
    if (early.kind === 'unsigned') return { kind: 'key_unavailable' }

    const replaces = replaced !== undefined && tagOfSession(replaced) === tag ? replaced : undefined
    const outcome = await store.open({
      ...{ id, tag, grant, binding: device.bindings[0], at: now, ...ip },
      lifetimes: settings.lifetimes,
      sessionLimit: settings.sessionLimit,
      keyed: retryKey !== undefined,
      known: replica.marksOf(tag),
      replaces,
    })
    if (outcome.kind === 'unavailable') return outcome

    const { id: sid, subject: sub, client: client_id } = outcome.session
    if (outcome.replaced && replaces !== undefined)
      parts.end.settle([{ id: replaces, subject: sub }], { reason: 'replaced', caller })
    parts.end.settle(
      outcome.ended.map((ended) => ({ id: ended, subject: sub })),
      { reason: 'session_limit', caller },
    )
    // A revocation of the whole subject, in this second or at a clock that is ahead, would concern the early ones.
    const areGood = outcome.issueFrom * 1000 <= now
    const tokens = areGood ? early : await tokenSets.issue(outcome.session, signer, outcome.issueFrom)
    if (tokens.kind === 'unsigned') return { kind: 'key_unavailable' }
    emit({ event: 'session.started', outcome: 'success', sub, sid, client_id, ...tokens.ids }, caller)
    if (device.signals === 'malformed')
      emit(
        { event: 'device.changed', outcome: 'success', reason: 'signals_malformed', sub, sid, client_id },
        caller,
      )
    return tokens
  }
}
