import { ConfigError } from '../errors.ts'
import type { AcceptedIssuers } from '../issuers/load.ts'
import type { StatementSender } from '../issuers/senders.ts'
import type { StatementReader, Statements } from '../issuers/statements.ts'
import { isSessionId } from '../ports/ids.ts'
import { foreignName, isForeignName } from '../ports/revocations.ts'
import type { Caller } from '../seam/caller.ts'
import type { Ending, SessionEnd } from '../sessions/end.ts'
import { claimedIssuer } from '../tokens/statements/claimed.ts'
import type { Emit } from '../watch/events.ts'
import { createEarlierEnd, type EarlierEndParts } from './earlier.ts'
import { createFinding, type FindSessions, type FoundSessions } from './found.ts'
import { type LogoutClaims, readLogout } from './token.ts'

/** Whose logout tokens are accepted, and whom they concern here. */
export interface LogoutSender {
  readonly sender: StatementSender
  /** `same`: its names are ours. `undefined`: it signs nobody out here, other than by its own access tokens. */
  readonly sessions: 'same' | FindSessions | undefined
}

export type LogoutOutcome =
  | { readonly kind: 'ended' }
  | { readonly kind: 'invalid' }
  | { readonly kind: 'unavailable'; readonly of: 'store' | 'issuer' }

/** Judges a logout token, and ends what it names. */
export type TakeLogout = (token: string, caller: Caller) => Promise<LogoutOutcome>

export interface ReceivingParts extends Omit<EarlierEndParts, 'end'> {
  readonly statements: Pick<Statements, 'from'>
  readonly end: Pick<SessionEnd, 'one' | 'oneOf' | 'all'>
  readonly issuers: Pick<AcceptedIssuers, 'nameOf' | 'sources'>
  readonly ownIssuer: string
  readonly emit: Emit
  readonly notice: (message: string) => void
}

interface Reader extends LogoutSender {
  readonly reader: StatementReader
  /** `undefined` if it can't be said now. */
  readonly find: (claims: LogoutClaims) => FoundSessions | undefined | Promise<FoundSessions | undefined>
}

/** A token may be on its way for a while, such as when it is sent again. */
const MAX_AGE_SECONDS = 300
/** A sender need not write a `typ`. `events` tells its logout tokens from whatever else it signs. */
const TYPES: ReadonlySet<string | undefined> = new Set(['logout+jwt', 'jwt', undefined])
const INVALID: LogoutOutcome = { kind: 'invalid' }
const STORE_AWAY: LogoutOutcome = { kind: 'unavailable', of: 'store' }

/** `undefined` if nobody's logout tokens are accepted. Throws a `ConfigError` for a sender that concerns nobody. */
export async function createLogoutTaking(
  senders: readonly LogoutSender[],
  parts: ReceivingParts,
): Promise<TakeLogout | undefined> {
  if (senders.length === 0) return undefined
  const { statements, issuers, ownIssuer, emit } = parts
  const earlier = createEarlierEnd(parts)
  const readers = new Map<string, Reader>()
  for (const one of senders) {
    const { issuer, path } = one.sender
    if (one.sessions === undefined && !concernsTokens(issuer))
      throw new ConfigError(`${path}.sessions`, {
        sentence: `"${path}.sessions" is required, unless access tokens of its issuer are accepted (option "issuers"): give "same", or a function that finds sessions`,
      })
    const kind = { kind: 'logout', types: TYPES, maxAgeSeconds: MAX_AGE_SECONDS, expiry: 'required' } as const
    const find = findingOf(one.sessions, parts.notice)
    readers.set(issuer, { ...one, find, reader: await statements.from(one.sender, kind) })
  }

  function concernsTokens(issuer: string): boolean {
    return issuers.sources.some((source) => source.issuer === issuer)
  }

  /** @param until sessions that began later live on; `undefined`: all end */
  async function endAll(
    reader: Reader,
    { iss, sid, sub }: LogoutClaims,
    found: FoundSessions,
    until: number | undefined,
    ending: Ending,
  ): Promise<boolean> {
    // What has the form of another issuer's name would concern the access tokens of that issuer.
    // Where a token names both, a session of somebody else is none of its business.
    async function one(id: string): Promise<{ readonly kind: string }> {
      const began = until === undefined ? undefined : await earlier.began(id, until)
      if (began !== undefined && began.kind !== 'earlier') return began
      return reader.sessions === 'same' && sub !== undefined
        ? parts.end.oneOf(sub, id, ending)
        : parts.end.one(id, ending)
    }
    const steps: Promise<{ readonly kind: string }>[] = [
      ...(found.sessions ?? []).filter(isSessionId).map(one),
      ...(found.subjects ?? [])
        .filter((subject) => !isForeignName(subject))
        .map((subject) =>
          until === undefined ? parts.end.all(subject, ending) : earlier.all(subject, until, ending),
        ),
    ]
    if (iss !== ownIssuer && concernsTokens(iss)) {
      if (sid !== undefined) steps.push(parts.end.one(foreignName(iss, sid), ending))
      else if (sub !== undefined) steps.push(parts.end.all(foreignName(iss, sub), ending))
    }
    return (await Promise.all(steps)).every(({ kind }) => kind !== 'unavailable')
  }

  async function judge(token: string, caller: Caller): Promise<LogoutOutcome> {
    const reader = readers.get(claimedIssuer(token) ?? '')
    if (reader === undefined) return INVALID
    const reading = await reader.reader.verify(token)
    if (reading.kind === 'unavailable') return { kind: 'unavailable', of: 'issuer' }
    const logout = reading.kind === 'genuine' ? readLogout(reading.claims) : undefined
    if (reading.kind === 'invalid' || logout === undefined) return INVALID
    const { claims, jti, issuedAt } = logout
    const ending: Ending = { reason: 'backchannel_logout', caller }
    const found = await reader.find(claims)
    if (found === undefined) return STORE_AWAY
    const statement = { jti, issuedAt, usableUntil: reading.usableUntil }
    // Of copies that come at once, one ends whatever there is. The user may have signed in again before the others do.
    const begun = await reader.reader.begin(statement)
    if (begun.kind === 'unavailable') return STORE_AWAY
    if (begun.kind === 'done') return INVALID
    const until = begun.kind === 'again' ? begun.until : undefined
    // It is finished last, so that any process can do what another one could not.
    if (!(await endAll(reader, claims, found, until, ending))) return STORE_AWAY
    const marked = await reader.reader.finish(statement)
    if (marked.kind === 'unavailable') return STORE_AWAY
    return marked.kind === 'first' ? { kind: 'ended' } : INVALID
  }

  return async (token, caller) => {
    const outcome = await judge(token, caller)
    if (outcome.kind === 'invalid')
      emit({ event: 'token.refused', outcome: 'failure', reason: 'logout_token_invalid' }, caller)
    return outcome
  }
}

function findingOf(sessions: LogoutSender['sessions'], notice: (message: string) => void): Reader['find'] {
  if (sessions === undefined) return () => ({})
  return sessions === 'same' ? named : createFinding(sessions, notice)
}

/** The names of the sender are ours. */
function named({ sid, sub }: LogoutClaims): FoundSessions {
  if (sid !== undefined) return { sessions: [sid] }
  return { subjects: sub === undefined ? [] : [sub] }
}
