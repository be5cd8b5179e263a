import { above, type OptionRule, zero } from './rule.ts'

const DAY = 86_400
const LONG_SESSION = 30 * DAY
/** More failures a day than these are no lockout. */
const MOST_FAILURES_A_DAY = 2000

/** How long tokens and sessions live, and how many there may be. */
export const sessionRules: readonly OptionRule[] = [
  {
    id: 'access-long',
    option: 'access.ttlSeconds',
    look: ({ access }) => above(access?.ttlSeconds, 900, 'seconds'),
  },
  {
    id: 'idle-long',
    option: 'refresh.idleSeconds',
    look: ({ refresh }) => above(refresh?.idleSeconds, 7 * DAY, 'seconds'),
  },
  {
    id: 'idle-none',
    option: 'refresh.idleSeconds',
    look: ({ refresh }) => {
      const { idleSeconds, absoluteSeconds = LONG_SESSION } = refresh ?? {}
      // Whoever signs in again each day has no need for another timeout.
      return idleSeconds !== undefined && idleSeconds >= absoluteSeconds && absoluteSeconds > DAY
        ? `${idleSeconds} seconds, as the lifetime of the session`
        : undefined
    },
  },
  {
    id: 'grace-long',
    option: 'refresh.graceSeconds',
    look: ({ refresh }) => above(refresh?.graceSeconds, 30, 'seconds'),
  },
  { id: 'sessions-unlimited', option: 'limits.sessions', look: ({ limits }) => zero(limits?.sessions) },
  {
    id: 'refreshes-unlimited',
    option: 'limits.refreshes',
    look: ({ limits }) => zero(limits?.refreshes?.count),
  },
  { id: 'converged-unlimited', option: 'limits.converged', look: ({ limits }) => zero(limits?.converged) },
  {
    id: 'parallel-unlimited',
    option: 'limits.refreshesAtOnce',
    look: ({ limits }) => zero(limits?.refreshesAtOnce),
  },
  {
    id: 'binding-off',
    option: 'binding',
    look: ({ binding }) => {
      const preset = typeof binding === 'object' ? binding.preset : binding
      return preset === 'off' ? 'off' : undefined
    },
  },
  {
    id: 'binding-weak',
    option: 'binding',
    look: ({ binding }) => {
      if (typeof binding !== 'object' || binding.preset === 'off') return undefined
      const weak = (['family', 'system'] as const).filter(
        (name) => (binding[name] ?? 'enforce') !== 'enforce',
      )
      return weak.length > 0 ? weak.map((name) => `${name} is "${binding[name]}"`).join(', ') : undefined
    },
  },
  {
    id: 'lockout-off',
    option: 'lockout.attempts',
    look: ({ lockout }) => (lockout?.attempts === 0 ? 'accounts are not locked' : undefined),
  },
  {
    id: 'lockout-weak',
    option: 'lockout',
    look: ({ lockout }) => {
      const { attempts = 5, durationSeconds = 900 } = lockout ?? {}
      const daily = attempts * Math.ceil(DAY / durationSeconds)
      return daily > MOST_FAILURES_A_DAY ? `up to ${daily.toLocaleString('en-US')} failures a day` : undefined
    },
  },
  {
    id: 'lockout-network-off',
    option: 'lockout.networkAttempts',
    look: ({ lockout }) => (lockout?.networkAttempts === 0 ? 'networks are not locked out' : undefined),
  },
  {
    id: 'revocation-stale',
    option: 'revocation.maxStalenessSeconds',
    look: ({ revocation }) => above(revocation?.maxStalenessSeconds, 60, 'seconds'),
  },
  {
    id: 'allow-list-late',
    option: 'allowList.recheckSeconds',
    look: ({ allowList }) =>
      typeof allowList === 'object' ? above(allowList.recheckSeconds, 300, 'seconds') : undefined,
  },
]
