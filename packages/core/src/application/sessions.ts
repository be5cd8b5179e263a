import { reasonOf, refuseUnknownMembers, UnavailableError } from '../errors.ts'
import type { Revoked, RevokeOptions } from '../gate/session-calls.ts'
import type { Unavailable } from '../ports/outcome.ts'
import type { Session } from '../ports/session.ts'
import type { Auth } from '../seam/auth.ts'
import type { Callers } from '../seam/caller.ts'
import type { Ending, SessionEnd } from '../sessions/end.ts'
import type { ListSessions } from '../sessions/list.ts'
import type { RenewSessions } from '../sessions/renew.ts'
import {
  BY_APPLICATION,
  type Caused,
  identifier,
  identifiers,
  type KnownIssuers,
  ownName,
  REVOKE_ONE_MEMBERS,
  type Renewed,
  type RevokeOneOptions,
  renewed,
  subjectOf,
} from './arguments.ts'
import { forEachOf, type RevokedMany } from './many.ts'

/** Sessions of a user: an array with a property. Copies of it, such as by `map`, do not have the property. */
export interface SessionList extends ReadonlyArray<Session> {
  /** Whether the user has other sessions besides these. */
  readonly more: boolean
}

/** What `sessions.update` changes. */
export interface SessionUpdate {
  /** The scope of all sessions from now on (RFC 6749, section 3.3). */
  readonly scope: readonly string[]
}

/**
 * What an application does with sessions. Each call rejects with an `UnavailableError` while the store does not answer.
 * Calls reject with a `TypeError` for an id that is not a string of 1 to 255 characters, and calls that take an `Auth`
 * if another issuer issued its token. Those that end or change something do so for an id that begins with a URL and a
 * blank, as only things of another issuer are named.
 */
export interface SessionCalls {
  /**
   * Lists the live sessions of a user, the latest sign-in first: at most 100, and besides these the session of the
   * `Auth`, if one is given. `more` tells whether the user has others.
   */
  list(subject: string | Auth): Promise<SessionList>
  /**
   * Ends one session and its access tokens. `ended` is empty if the store does not know the session. With another
   * `issuer`, refuses the access tokens that name this `sid` for 31 minutes; the session itself is not here.
   */
  revoke(session: string, options?: RevokeOneOptions & Caused): Promise<Revoked>
  /**
   * Does the same for any number of sessions, in slices. Does not reject because of the store: `failed` names the
   * sessions for which it did not answer.
   */
  revoke(sessions: readonly string[], options?: RevokeOneOptions & Caused): Promise<RevokedMany>
  /** Ends every session of a user, and refuses every access token issued to that user so far. */
  revokeAll(subject: string | Auth, options?: RevokeOptions & Caused): Promise<Revoked>
  /**
   * Does the same for any number of users, in slices. Does not reject because of the store: `failed` names the users for
   * whom it did not answer.
   */
  revokeUsers(subjects: readonly string[], options?: RevokeOptions & Caused): Promise<RevokedMany>
  /**
   * Changes what every session of a user may do, such as after a change of rights. The sessions live on. Access tokens
   * that were issued before are refused from now on, and clients get new ones by a refresh. Rejects with a `TypeError` for
   * a wrong member of `SessionUpdate`.
   */
  update(subject: string | Auth, update: SessionUpdate, options?: RevokeOptions): Promise<Renewed>
}

export interface SessionCallsParts {
  readonly list: ListSessions
  readonly end: Pick<SessionEnd, 'one' | 'all'>
  readonly renew: RenewSessions
  readonly issuers: KnownIssuers
  readonly callers: Pick<Callers, 'unknown'>
}

export function createSessionCalls(parts: SessionCallsParts): SessionCalls {
  const { list, end, renew, issuers, callers } = parts

  async function endOne(session: string, name: string, ending: Ending): Promise<Revoked | Unavailable> {
    const outcome = await end.one(name, ending)
    if (outcome.kind === 'unavailable') return outcome
    return { ended: outcome.kind === 'ended' ? [session] : [] }
  }

  async function endAll(subject: string, ending: Ending): Promise<Revoked | Unavailable> {
    const outcome = await end.all(subject, ending)
    return outcome.kind === 'unavailable' ? outcome : { ended: outcome.sessions }
  }

  /** All that one call ends is told as of one request. */
  function endingFor(
    call: string,
    options: (RevokeOptions & Caused) | undefined,
    known: readonly string[] = ['reason'],
  ): Ending {
    const reason = reasonOf(call, options, BY_APPLICATION, [...known, 'caller'])
    const caller = options?.caller ?? callers.unknown()
    if (typeof caller.request_id === 'string') return { reason, caller }
    throw new TypeError(`${call}: "caller" must be what gateOf(sallyport).callers.of(view) returns`)
  }

  function revoke(session: string, options?: RevokeOneOptions & Caused): Promise<Revoked>
  function revoke(sessions: readonly string[], options?: RevokeOneOptions & Caused): Promise<RevokedMany>
  async function revoke(
    given: string | readonly string[],
    options?: RevokeOneOptions & Caused,
  ): Promise<Revoked | RevokedMany> {
    const ending = endingFor('sessions.revoke', options, REVOKE_ONE_MEMBERS)
    const nameOf = (session: string): string => issuers.nameOf(session, options?.issuer)
    const step = (session: string): Promise<Revoked | Unavailable> => endOne(session, nameOf(session), ending)
    if (typeof given !== 'string') {
      // A wrong one among them is refused before any of them ends.
      for (const session of identifiers('sessions', given)) nameOf(session)
      return forEachOf(given, step)
    }
    const outcome = await step(identifier('session', given))
    if ('ended' in outcome) return outcome
    throw new UnavailableError()
  }

  return {
    async list(subject) {
      const name = subjectOf('subject', subject)
      const outcome = await list(name, typeof subject === 'string' ? undefined : subject.session)
      if (outcome.kind === 'unavailable') throw new UnavailableError()
      return sessionList(outcome.sessions, outcome.more)
    },
    revoke,
    async revokeAll(subject, options) {
      const ending = endingFor('sessions.revokeAll', options)
      const outcome = await endAll(ownName('subject', subject), ending)
      if ('ended' in outcome) return outcome
      throw new UnavailableError()
    },
    async revokeUsers(subjects, options) {
      const ending = endingFor('sessions.revokeUsers', options)
      const names = identifiers('subjects', subjects)
      for (const [index, name] of names.entries()) ownName(`subjects[${index}]`, name)
      return forEachOf(names, (subject) => endAll(subject, ending))
    },
    async update(subject, update, options) {
      refuseUnknownMembers('sessions.update', update, ['scope'])
      const reason = reasonOf('sessions.update', options, 'scope_changed')
      const { scope } = update
      // Nothing would change but that all access tokens are refused, which is another call.
      if (scope === undefined) throw new TypeError('sessions.update: "scope" is missing')
      return renewed(renew(ownName('subject', subject), { scope, reason }))
    },
  }
}

/** The property does not count where arrays are compared or copied, like `raw` of a template. */
function sessionList(sessions: readonly Session[], more: boolean): SessionList {
  return Object.defineProperty([...sessions], 'more', { value: more }) as Session[] & {
    readonly more: boolean
  }
}
