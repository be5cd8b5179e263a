import type { Session } from '../../ports/session.ts'
import type { Judgement, Replica, ReplicaSettings } from '../../revocation/replica.ts'
import type { KnownToken } from '../known-token.ts'
import type { TokenCacheSettings } from '../token-cache.ts'
import { createListedSessions, type ListedParts } from './listed.ts'

/** `unlisted`: in allow-list mode, the store has no record of the token's session. */
export type Standing = Judgement | 'unlisted'

/** Whether tokens that were genuine when they were issued are still good. */
export interface Standings extends Pick<Replica, 'knowsRevoked'> {
  /** Returns a promise only if the store has to be asked. */
  judge(token: KnownToken): Standing | Promise<Standing>
  /** A session of which tokens are being issued. */
  note(session: Session): void
}

export interface AllowListSettings {
  /** How long a process goes by a record that it has read. */
  readonly recheckMs: number
}

export interface AllowListParts extends Pick<ListedParts, 'sessions' | 'revocations' | 'onGone' | 'clock'> {
  readonly settings: {
    /** `undefined`: tokens are good unless they were revoked. */
    readonly allowList: AllowListSettings | undefined
    readonly revocation: Pick<ReplicaSettings, 'mode' | 'maxStalenessMs'>
    readonly sessions: Pick<ListedParts, 'lifetimes'>
    readonly tokenCache: Pick<TokenCacheSettings, 'entries'>
  }
  readonly replica: Pick<Replica, 'judge' | 'knowsRevoked' | 'losses'>
}

/**
 * Judges tokens by the revocations alone, or in allow-list mode also by whether the store has the record of their
 * session. API keys have a record of their own, and the sessions of other issuers are not in this store.
 */
export function createAllowList({ settings, replica, ...parts }: AllowListParts): Standings {
  const { allowList, revocation, sessions, tokenCache } = settings
  const { judge, knowsRevoked } = replica
  if (allowList === undefined) return { judge, knowsRevoked, note: () => {} }

  const listed = createListedSessions({
    ...{ ...parts, ...allowList, replica, lifetimes: sessions.lifetimes },
    ...{ maxStalenessMs: revocation.maxStalenessMs, mostSessions: tokenCache.entries },
  })
  const ask = revocation.mode === 'strict' ? listed.read : listed.judge
  return {
    judge(token) {
      const judgement = judge(token)
      const { own, credential, session } = token.auth
      if (judgement === 'revoked' || !own || credential === 'api_key' || session === undefined)
        return judgement
      const listing = ask(session)
      return judgement instanceof Promise || listing instanceof Promise
        ? Promise.all([judgement, listing]).then(worst)
        : worst([judgement, listing])
    },
    knowsRevoked,
    note: listed.note,
  }
}

const WORST_FIRST: readonly Standing[] = ['revoked', 'unlisted', 'unavailable']

function worst([judgement, listing]: readonly [Standing, Standing]): Standing {
  if (judgement === 'live') return listing
  return WORST_FIRST.find((one) => one === judgement || one === listing) ?? 'live'
}
