import type { KnownDevices } from '../../binding/known-devices.ts'
import type { Clock } from '../../ports/clock.ts'
import type { AttemptLimit, CounterName, CounterStore } from '../../ports/optional/counters.ts'
import type { Unavailable } from '../../ports/outcome.ts'
import type { Callbacks } from '../callbacks.ts'
import type { Emit } from '../events.ts'
import type { Claimant, Counted, SignInAttempt } from './attempt.ts'
import { canonicalAccount } from './canonical.ts'
import type { NameCounter } from './names.ts'

/** The parsed option `lockout`. */
export interface LockoutSettings {
  readonly account: AttemptLimit
  /** `undefined`: networks are not locked out. */
  readonly network: AttemptLimit | undefined
  /** `undefined`: {@link canonicalAccount}. */
  readonly canonical: ((name: string) => string) | undefined
  readonly onLocked: OnLocked | undefined
  /** Whether the application has set any of this, and so relies on it. */
  readonly isWanted: boolean
}

/** An account that was locked just now. */
export interface LockedAccount {
  /** The name of the account, as it was typed. Whoever typed it need not be its owner. */
  readonly name: string
  /** The user, if the application named one. */
  readonly subject: string | undefined
  readonly until: Date
  readonly ip: string | undefined
  readonly userAgent: string | undefined
}

/** Told when an account is locked, such as to write to its user. What it throws or rejects with is a notice. */
export type OnLocked = (locked: LockedAccount) => unknown

export type CheckOutcome =
  | { readonly kind: 'allowed'; readonly attempt: SignInAttempt }
  | { readonly kind: 'locked'; readonly retryAfterSeconds: number }
  | Unavailable

export type UnlockOutcome = { readonly kind: 'unlocked' | 'was_open' } | Unavailable

/**
 * Locks accounts at which too many sign-ins fail. An attempt is counted before the password is looked at, so guesses at
 * the same time cannot be more than are allowed. Whether the account exists makes no difference.
 */
export interface Lockout {
  /** Counts an attempt, unless the account or the network is locked. */
  check(claimant: Claimant): Promise<CheckOutcome>
  /** The password was right: earlier failures no longer count. Gives the marks that the device shall keep. */
  succeeded(attempt: SignInAttempt): Promise<string>
  /** The password was wrong. */
  failed(attempt: SignInAttempt): Promise<void>
  /** Nothing was found out: the attempt does not count. */
  abandoned(attempt: SignInAttempt): Promise<void>
  unlock(name: string): Promise<UnlockOutcome>
}

export interface LockoutParts {
  readonly counters: CounterStore
  readonly nameOf: NameCounter
  readonly knownDevices: KnownDevices
  /** The network of an address, of which one party may have all addresses. */
  readonly networkOf: (ip: string) => string
  readonly settings: LockoutSettings
  readonly callbacks: Callbacks
  readonly emit: Emit
  readonly clock: Clock
}

export function createLockout(parts: LockoutParts): Lockout {
  const { counters, nameOf, knownDevices, settings, emit, clock } = parts
  const { canonical: canonicalName = canonicalAccount } = settings
  const onLocked =
    settings.onLocked && parts.callbacks.guarded('the option "lockout.onLocked"', settings.onLocked)

  /** Whose failures decide: those of a known device or session, or else those of all others at the account. */
  function judged({ account, marks }: Claimant, canonical: string): CounterName {
    if (account.session !== undefined) return nameOf('session', canonical, account.session)
    const device = knownDevices.find(marks, canonical)
    return device === undefined ? nameOf('account', canonical) : nameOf('device', canonical, device)
  }

  async function count(
    name: CounterName,
    limit: AttemptLimit,
  ): Promise<
    { kind: 'counted'; counted: Counted } | { kind: 'blocked'; retryAfterMs: number } | Unavailable
  > {
    const outcome = await counters.attempt({ name, limit, at: clock.now() })
    if (outcome.kind !== 'counted') return outcome
    const { since, last } = outcome
    return { kind: 'counted', counted: { name, limit, since, last } }
  }

  async function takeBack(counted: Counted | undefined): Promise<void> {
    if (counted !== undefined) await counters.takeBack({ ...counted, at: clock.now() })
  }

  function refused(claimant: Claimant, reason: string, retryAfterMs: number): CheckOutcome {
    tellFailure(claimant, reason)
    return { kind: 'locked', retryAfterSeconds: Math.ceil(retryAfterMs / 1000) }
  }

  function tellFailure({ account, caller }: Claimant, reason: string): void {
    const { subject: sub, session: sid } = account
    const about = { ...(sub === undefined ? {} : { sub }), ...(sid === undefined ? {} : { sid }) }
    emit({ event: 'login.failed', outcome: 'failure', reason, ...about, ...caller })
  }

  function tellLocked({ account, caller }: Claimant): void {
    const { name, subject } = account
    const about = subject === undefined ? {} : { sub: subject }
    emit({ event: 'account.locked', outcome: 'success', reason: 'too_many_failures', ...about, ...caller })
    const until = new Date(clock.now() + settings.account.blockMs)
    onLocked?.({ name, subject, until, ip: caller.ip, userAgent: caller.user_agent })
  }

  return {
    async check(claimant) {
      const { ip } = claimant.caller
      const canonical = canonicalName(claimant.account.name)
      let network: Counted | undefined
      if (settings.network !== undefined && ip !== undefined) {
        const outcome = await count(nameOf('network', parts.networkOf(ip)), settings.network)
        if (outcome.kind === 'unavailable') return outcome
        if (outcome.kind === 'blocked') return refused(claimant, 'network_locked', outcome.retryAfterMs)
        network = outcome.counted
      }
      const outcome = await count(judged(claimant, canonical), settings.account)
      if (outcome.kind === 'blocked') return refused(claimant, 'account_locked', outcome.retryAfterMs)
      if (outcome.kind === 'counted')
        return {
          kind: 'allowed',
          attempt: { claimant, canonical, account: outcome.counted, network },
        }
      await takeBack(network)
      return outcome
    },
    async succeeded({ claimant, canonical, account, network }) {
      // The network's other failures still count: whoever guesses may have an account of their own.
      await Promise.all([counters.forget(account.name, clock.now()), takeBack(network)])
      return knownDevices.remember(claimant.marks, canonical)
    },
    async failed({ claimant, canonical, account }) {
      let { last } = account
      const whole = nameOf('account', canonical)
      if (account.name !== whole) {
        // What fails on a known device counts for everybody else, too.
        const outcome = await count(whole, settings.account)
        last ||= outcome.kind === 'counted' && outcome.counted.last
      }
      tellFailure(claimant, claimant.account.reason ?? 'invalid_credentials')
      if (last) tellLocked(claimant)
    },
    async abandoned({ account, network }) {
      await Promise.all([takeBack(account), takeBack(network)])
    },
    async unlock(name) {
      const outcome = await counters.forget(nameOf('account', canonicalName(name)), clock.now())
      if (outcome.kind === 'unavailable') return outcome
      return { kind: outcome.wasBlocked ? 'unlocked' : 'was_open' }
    },
  }
}
