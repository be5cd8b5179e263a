import type { Devices } from '../binding/device.ts'
import { refuseUnknownMembers } from '../errors.ts'
import type { Clock, Random } from '../ports/clock.ts'
import { newSessionId, type SessionId, tagOf, tagOfSession } from '../ports/ids.ts'
import type { Lifetimes } from '../ports/lifetimes.ts'
import type { Unavailable } from '../ports/outcome.ts'
import type { Grant, Session, Transport } from '../ports/session.ts'
import type { SessionStore } from '../ports/sessions.ts'
import type { Signer } from '../ports/signer.ts'
import type { Visit } from '../seam/caller.ts'
import { isScopeToken } from '../tokens/claims.ts'
import type { SubjectJudge } from '../tokens/custom/subject.ts'
import type { Emit } from '../watch/events.ts'
import type { SessionEnd } from './end.ts'
import type { SessionSettings } from './settings.ts'
import type { TokenSet, TokenSets } from './tokens/token-set.ts'

/** A user whom the application has authenticated, and what the session is for. */
export interface SignIn {
  /**
   * The id of the user: opaque, stable and not personal, because it is in every token. 1 to 255 characters. In
   * production, one that looks like an e-mail address is refused with a `ClaimsError` if the package
   * `@sallyport/claims-policy` is installed, unless `claims.exempt` has `sub`.
   */
  readonly subject: string
  /** Scopes of the access tokens. Default: none. */
  readonly scope?: readonly string[] | undefined
  /** The OAuth client. Default: the one that the option `clients` has for the transport. */
  readonly client?: string | undefined
  /** How certain the authentication is (`acr` of OpenID Connect Core 1.0). Default: not stated. */
  readonly acr?: string | undefined
  /** How the user was authenticated, such as `['pwd', 'otp']` (RFC 8176). Default: not stated. */
  readonly amr?: readonly string[] | undefined
  /**
   * `false`: the browser drops the refresh cookie when it closes, because the user did not tick "keep me signed in".
   * Browsers that restore their tabs keep it all the same, so give such a session a short `idleSeconds`, too. Concerns
   * tokens in the cookie only. Default `true`.
   */
  readonly persistent?: boolean | undefined
  /**
   * How long this session lives without a refresh, in seconds. Its access tokens live at most half as long, so that a
   * refresh comes in time. Default and maximum: `refresh.idleSeconds`.
   */
  readonly idleSeconds?: number | undefined
  /** How long this session lives in total, in seconds. Default and maximum: `refresh.absoluteSeconds`. */
  readonly absoluteSeconds?: number | undefined
  /**
   * `checked`: your handler has made sure that the user meant to sign in here, such as by the `state` of OpenID Connect
   * or by a one-time link, so that the request may come from another site. Default `refuse`: a cross-site request is
   * answered 403.
   */
  readonly crossSite?: 'refuse' | 'checked' | undefined
}

/** @param replaced the session whose cookie the new one replaces; it ends if it is the same subject's */
export type OpenSession = (
  signIn: SignIn,
  transport: Transport,
  visit: Visit,
  replaced?: SessionId,
) => Promise<TokenSet | KeyUnavailable | Unavailable>

/** There is no key to sign with, or the key failed to sign. */
export type KeyUnavailable = { readonly kind: 'key_unavailable' }

export interface SessionOpeningParts {
  readonly store: Pick<SessionStore, 'open'>
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
 * beyond the limit. Rejects with a `TypeError` for a wrong member of `SignIn`, and with a `ClaimsError` if the subject or
 * claims of the application must not be in a token.
 */
export function createSessionOpening(parts: SessionOpeningParts): OpenSession {
  const { store, tokenSets, settings, emit, clock } = parts
  return async (signIn, transport, { caller, userAgent, retryKey }, replaced) => {
    check(signIn)
    const own = ownLifetimes(signIn, settings.lifetimes)
    await parts.judgeSubject(signIn.subject)
    const signer = parts.signer()
    if (signer === undefined) return { kind: 'key_unavailable' }
    const device = parts.devices.recognise(userAgent)
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
    return tokens
  }
}

const PRINTABLE = /^[\x20-\x7e]{1,255}$/
const MEMBERS: Readonly<Record<keyof SignIn, true>> = {
  subject: true,
  scope: true,
  client: true,
  acr: true,
  amr: true,
  persistent: true,
  idleSeconds: true,
  absoluteSeconds: true,
  crossSite: true,
}

function check(signIn: SignIn): void {
  refuseUnknownMembers('signIn', signIn, Object.keys(MEMBERS))
  const { subject, scope, client, acr, amr, persistent, crossSite } = signIn
  if (typeof subject !== 'string' || subject === '' || subject.length > 255)
    throw new TypeError('signIn: "subject" must be a string of 1 to 255 characters')
  if (scope !== undefined && !(Array.isArray(scope) && scope.every(isScopeToken)))
    throw new TypeError(
      'signIn: "scope" must be an array of scope tokens without spaces (RFC 6749, section 3.3)',
    )
  for (const [name, value] of Object.entries({ client, acr }))
    if (value !== undefined && !PRINTABLE.test(value))
      throw new TypeError(`signIn: "${name}" must be 1 to 255 printable ASCII characters`)
  if (amr !== undefined && !(Array.isArray(amr) && amr.every((method) => PRINTABLE.test(method))))
    throw new TypeError('signIn: "amr" must be an array of printable ASCII strings')
  if (persistent !== undefined && typeof persistent !== 'boolean')
    throw new TypeError('signIn: "persistent" must be true or false')
  if (crossSite !== undefined && crossSite !== 'refuse' && crossSite !== 'checked')
    throw new TypeError('signIn: "crossSite" must be "refuse" or "checked"')
}

/** The lifetimes that a sign-in gives its session. Throws a `TypeError` for one that is over that of all sessions. */
function ownLifetimes({ idleSeconds, absoluteSeconds }: SignIn, all: Lifetimes): Lifetimes | undefined {
  if (idleSeconds === undefined && absoluteSeconds === undefined) return undefined
  return {
    idleMs: ownMs('idleSeconds', idleSeconds, all.idleMs),
    absoluteMs: ownMs('absoluteSeconds', absoluteSeconds, all.absoluteMs),
  }
}

function ownMs(name: string, given: number | undefined, mostMs: number): number {
  if (given === undefined) return mostMs
  if (Number.isInteger(given) && given >= 1 && given * 1000 <= mostMs) return given * 1000
  throw new TypeError(
    `signIn: "${name}" must be a whole number from 1 to ${mostMs / 1000}, which is "refresh.${name}"`,
  )
}
