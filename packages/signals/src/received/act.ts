import { ConfigError, type Sallyport, type SessionList, UnavailableError } from '@sallyport/core'
import type { Caller, FindOwner } from '@sallyport/core/adapter'
import type { Effect } from '../events.ts'
import type { Concerned, Foreign } from './subject.ts'

/** What is done about one event. */
export interface Act {
  readonly effect: Effect
  readonly concerned: Concerned
  /** Sessions that began later live on. Milliseconds since the epoch; infinity: there is no such instant. */
  readonly until: number
  readonly caller: Caller
}

/**
 * Does what events say. Everything ends by the calls of the application, so that the store, the other processes and the
 * audit trail learn of it as of any end. Rejects with an `UnavailableError` if the store did not do all of it.
 */
export type DoAct = (act: Act) => Promise<void>

/** Why sessions end, as events tell it. */
const REASON = 'signal'

export interface ActParts extends Pick<Sallyport, 'sessions' | 'tokens' | 'apiKeys'> {
  readonly findOwner: FindOwner
}

export function createActing({ sessions, tokens, apiKeys, findOwner }: ActParts): DoAct {
  async function endAll(subject: string, kept: string | undefined, act: Act): Promise<void> {
    const { until, caller } = act
    const ending = { reason: REASON, caller }
    if (kept === undefined && until === Number.POSITIVE_INFINITY) {
      await sessions.revokeAll(subject, ending)
      return
    }
    let listed: SessionList
    do {
      listed = await sessions.list(subject)
      const ids = listed.filter(({ id, createdAt }) => id !== kept && createdAt <= until).map(({ id }) => id)
      if (ids.length === 0) break
      const { failed } = await sessions.revoke(ids, ending)
      if (failed.length > 0) throw new UnavailableError()
    } while (listed.more)
    // Those that began long ago are behind a hundred newer ones, which can't be told apart from here.
    if (listed.more) await sessions.revokeAll(subject, ending)
  }

  /** Refuses the access tokens of another issuer, which alone can end its sessions. */
  async function refuseForeign({ issuer, session, token }: Foreign, act: Act): Promise<void> {
    const { effect, caller } = act
    const ends = effect === 'end' || effect === 'end_user' || effect === 'end_account'
    if (token !== undefined && (ends || effect === 'renew'))
      await tokens.revoke(token, { reason: REASON, issuer })
    // After a change of claims the session goes on, and so its next tokens must be accepted.
    if (session !== undefined && ends) await sessions.revoke(session, { reason: REASON, caller, issuer })
  }

  /** The user who is meant, by name or by a session. */
  async function subjectOf({ subject, session }: Concerned): Promise<string | undefined> {
    if (subject !== undefined || session === undefined) return subject
    const owner = await findOwner(session)
    if (owner.kind === 'unavailable') throw new UnavailableError()
    return owner.kind === 'found' ? owner.subject : undefined
  }

  return async (act) => {
    const { session, token, foreign } = act.concerned
    if (foreign !== undefined) await refuseForeign(foreign, act)
    switch (act.effect) {
      case 'end': {
        const { subject } = act.concerned
        if (session !== undefined) await sessions.revoke(session, { reason: REASON, caller: act.caller })
        else if (subject !== undefined) await endAll(subject, undefined, act)
        else if (token !== undefined) await tokens.revoke(token, { reason: REASON })
        return
      }
      case 'end_others': {
        const subject = await subjectOf(act.concerned)
        if (subject !== undefined) await endAll(subject, session, act)
        return
      }
      case 'end_user':
      case 'end_account': {
        const subject = await subjectOf(act.concerned)
        if (subject === undefined) {
          if (token !== undefined) await tokens.revoke(token, { reason: REASON })
          return
        }
        await endAll(subject, undefined, act)
        if (act.effect === 'end_account') await endKeys(subject, act.until)
        return
      }
      case 'renew': {
        const subject = await subjectOf(act.concerned)
        if (token !== undefined) await tokens.revoke(token, { reason: REASON })
        else if (subject !== undefined) await tokens.revokeAll(subject, { reason: REASON })
        return
      }
      case 'none':
        return
    }
  }

  async function endKeys(subject: string, until: number): Promise<void> {
    try {
      if (until === Number.POSITIVE_INFINITY) await apiKeys.revokeAll(subject, { reason: REASON })
      else
        for (const { id, createdAt } of await apiKeys.list(subject))
          if (createdAt <= until) await apiKeys.revoke(subject, id, { reason: REASON })
    } catch (cause) {
      // There are none without the option `apiKeys`.
      if (!(cause instanceof ConfigError)) throw cause
    }
  }
}
