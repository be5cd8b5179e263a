import type { SeenValue } from '../../ports/optional/sightings.ts'
import { type AnomalyRule, type CountSettings, counting, type Finding, type RuleResponses } from './rule.ts'

/** A client that is broken, or somebody who tries refresh tokens. */
export function refreshRate(settings: CountSettings): AnomalyRule<'session.refreshed'> {
  return {
    ...counting(settings, 'refreshes of one session'),
    name: 'refresh_rate',
    events: ['session.refreshed'],
    observe: ({ sid }) => ({ by: [sid] }),
  }
}

export function userRefreshRate(settings: CountSettings): AnomalyRule<'session.refreshed'> {
  return {
    ...counting(settings, 'refreshes of one user'),
    name: 'user_refresh_rate',
    events: ['session.refreshed'],
    observe: () => ({ by: 'user' }),
  }
}

type Theft = 'refresh.reused' | 'refresh.mismatched'

/** Whoever replays tokens of an account of their own must not drown the theft of others. */
const THEFT_QUIET_SECONDS = 3600

/** Found by the rotation itself, which has ended the session, and so needs no store. */
export function tokenTheft(responses: RuleResponses): AnomalyRule<Theft> {
  return {
    ...{ ...responses, name: 'token_theft', severity: 'critical' },
    ...{ events: ['refresh.reused', 'refresh.mismatched'], windowSeconds: 1, most: 0 },
    quietSeconds: THEFT_QUIET_SECONDS,
    observe: () => ({ by: 'user' }),
    judge: (_seen, { event }) => ({
      summary:
        event === 'refresh.reused'
          ? 'a refresh token that was replaced came back, so its session has ended'
          : 'a refresh token was used on another device, so its session has ended',
    }),
  }
}

const MOST_KEPT = 64
/** Each of these goes before a network, and behind that comes the token, which no client can choose. */
const ROTATED = 'r'
const CONVERGED = 'c'
const SEPARATOR = '.'
const CONTESTED = 'x'

type Disputed = 'refresh.contested' | 'session.refreshed'

/**
 * Two parties hold one session: an answer was asked for again by another network than the one that had got it. A phone
 * that changes networks while it refreshes does so as well, but seldom twice.
 */
export function contestedRefresh(settings: CountSettings): AnomalyRule<Disputed> {
  const { most, windowSeconds, ...responses } = settings
  const contested: Finding = { summary: 'a refresh is contested by two networks' }
  const repeated: Finding = {
    summary: `more than ${most} answers to refreshes were repeated to another network within ${windowSeconds} seconds`,
  }
  return {
    ...{ ...responses, name: 'contested_refresh', events: ['refresh.contested', 'session.refreshed'] },
    ...{ windowSeconds, most: MOST_KEPT },
    observe({ event, sid, reason, jti = '' }, { network, previousNetwork, hash }) {
      if (network === undefined) return undefined
      if (event === 'refresh.contested') {
        const isElsewhere = previousNetwork !== undefined && previousNetwork !== network
        return isElsewhere ? { by: [sid], value: CONTESTED } : undefined
      }
      const kind = reason.startsWith('converged') ? CONVERGED : ROTATED
      return { by: [sid], value: `${kind}${network}${SEPARATOR}${hash(jti)}` }
    },
    judge({ values }, { event, reason }) {
      if (event === 'refresh.contested') return contested
      return reason.startsWith('converged') && repeatedElsewhere(values) > most ? repeated : undefined
    },
  }
}

/** How many answers were repeated to another network than the one that had refreshed; each counts once. */
function repeatedElsewhere(latestFirst: readonly SeenValue[]): number {
  let repeated = 0
  let isCounted = false
  let refreshedBy: string | undefined
  for (const { value } of latestFirst.toReversed()) {
    const network = value.slice(1).split(SEPARATOR, 1)[0]
    if (value.startsWith(ROTATED)) {
      refreshedBy = network
      isCounted = false
    } else if (value.startsWith(CONVERGED) && !isCounted && refreshedBy !== undefined) {
      isCounted = network !== refreshedBy
      if (isCounted) repeated++
    }
  }
  return repeated
}
