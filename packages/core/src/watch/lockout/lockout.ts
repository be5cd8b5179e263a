import { KNOWN_SECONDS, type KnownDevices } from '../../binding/known-devices.ts'
import type { Clock } from '../../ports/clock.ts'
import type { AttemptLimit, CounterName, CounterStore } from '../../ports/optional/counters.ts'
import type { Unavailable } from '../../ports/outcome.ts'
import type { Caller } from '../../seam/caller.ts'
import type { Callbacks } from '../callbacks.ts'
import type { Emit } from '../events.ts'
import type { AccountNames } from './account-name.ts'
import type { Claimant, Counted, SignInAttempt } from './attempt.ts'
import type { NameCounter } from './names.ts'

/** The parsed option `lockout`. */
export interface LockoutSettings {
  readonly account: AttemptLimit
  /** `undefined`: networks are not locked out. */
  readonly network: AttemptLimit | undefined
  /** `undefined`: `canonicalAccount`. */
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

export interface KeptMarks {
  readonly marks: string
  readonly maxAgeSeconds: number
}

/** Whose account is to be locked, and why. */
export interface Locking {
  /** Any spelling of the name, for an account whose failures count by it. */
  readonly name: string
  /** The user, if failures count by it. */
  readonly subject: string | undefined
  /** As the code in events. */
  readonly reason: string
  /** How long. Default: as long as too many failures lock it. */
  readonly forMs?: number | undefined
  readonly caller?: Caller | undefined
}

export type LockOutcome = { readonly kind: 'locked' } | Unavailable
export type UnlockOutcome = { readonly kind: 'unlocked' | 'was_open' } | Unavailable

/**
 * Locks accounts at which too many sign-ins fail. An attempt is counted before the password is looked at, so guesses at
 * the same time cannot be more than are allowed. It makes no difference whether the account exists.
 */
export interface Lockout {
  /** Counts an attempt, unless the account or the network is locked. */
  check(claimant: Claimant): Promise<CheckOutcome>
  /** The password was right: earlier failures no longer count. Gives what the device shall keep. */
  succeeded(attempt: SignInAttempt): Promise<KeptMarks>
  /** The password was wrong. */
  failed(attempt: SignInAttempt): Promise<void>
  /** The password could not be checked, so the attempt does not count. */
  abandoned(attempt: SignInAttempt): Promise<void>
  /** Refuses strangers. Known devices and sessions keep their own attempts. */
  lock(locking: Locking): Promise<LockOutcome>
  unlock(name: string, subject: string | undefined): Promise<UnlockOutcome>
}

export interface LockoutParts {
  readonly counters: CounterStore
  readonly nameOf: NameCounter
  readonly accounts: AccountNames
  readonly knownDevices: KnownDevices
  /** The network of an address, of which one party may have all addresses. */
  readonly networkOf: (ip: string) => string
  readonly settings: LockoutSettings
  readonly callbacks: Callbacks
  readonly emit: Emit
  readonly clock: Clock
}

/** All known devices and sessions of an account share the attempts of this many, so hoarding marks gains nothing. */
const KNOWN_AT_ONCE = 5
const MAX_NAME_TOLD = 256

export function createLockout(parts: LockoutParts): Lockout {
  const { counters, nameOf, accounts, knownDevices, settings, emit, clock } = parts
  const { most } = settings.account
  const limitOfKnown = { ...settings.account, most: Math.min(most * KNOWN_AT_ONCE, Number.MAX_SAFE_INTEGER) }
  const onLocked =
    settings.onLocked && parts.callbacks.guarded('the option "lockout.onLocked"', settings.onLocked)

  type Counting =
    | { readonly kind: 'counted'; readonly counted: Counted }
    | { readonly kind: 'blocked'; readonly retryAfterMs: number }
    | Unavailable

  async function count(name: CounterName, limit: AttemptLimit): Promise<Counting> {
    const outcome = await counters.attempt({ name, limit, at: clock.now() })
    if (outcome.kind !== 'counted') return outcome
    const { since, last } = outcome
    return { kind: 'counted', counted: { name, limit, since, last } }
  }

  async function takeBack(all: readonly Counted[]): Promise<void> {
    await Promise.all(all.map((counted) => counters.takeBack({ ...counted, at: clock.now() })))
  }

  /** The counter of a device or session that strangers must not lock out. */
  function known({ about, marks }: Claimant, account: string): CounterName | undefined {
    if (about.session !== undefined) return nameOf('session', account, about.session)
    const device = knownDevices.find(marks, account, clock.now())
    return device === undefined ? undefined : nameOf('device', account, device)
  }

  /** `blocked` if its own attempts, or those of all known ones of the account, are used up. */
  async function checkKnown(
    claimant: Claimant,
    account: string,
    own: CounterName,
  ): Promise<CheckOutcome | { readonly kind: 'blocked' }> {
    const judged = await count(own, settings.account)
    if (judged.kind !== 'counted') return judged
    const all = await count(nameOf('known', account), limitOfKnown)
    if (all.kind === 'counted')
      return {
        kind: 'allowed',
        attempt: { claimant, account, judged: judged.counted, others: [all.counted] },
      }
    await takeBack([judged.counted])
    return all
  }

  async function checkStranger(claimant: Claimant, account: string): Promise<CheckOutcome> {
    const { ip } = claimant.caller
    const others: Counted[] = []
    if (settings.network !== undefined && ip !== undefined) {
      const network = await count(nameOf('network', parts.networkOf(ip)), settings.network)
      if (network.kind === 'unavailable') return network
      if (network.kind === 'blocked') return refused(claimant, 'network_locked', network.retryAfterMs)
      others.push(network.counted)
    }
    const judged = await count(nameOf('account', account), settings.account)
    if (judged.kind === 'counted')
      return { kind: 'allowed', attempt: { claimant, account, judged: judged.counted, others } }
    // The password is not checked, so this is not a failure of the network.
    await takeBack(others)
    return judged.kind === 'blocked' ? refused(claimant, 'account_locked', judged.retryAfterMs) : judged
  }

  function refused(claimant: Claimant, reason: string, retryAfterMs: number): CheckOutcome {
    tellFailure(claimant, reason)
    return { kind: 'locked', retryAfterSeconds: Math.ceil(retryAfterMs / 1000) }
  }

  function tellFailure({ about, caller }: Claimant, reason: string): void {
    const { subject: sub, session: sid } = about
    const names = { ...namesOf(sub), ...(sid === undefined ? {} : { sid }) }
    emit({ event: 'login.failed', outcome: 'failure', reason, ...names }, caller)
  }

  function tellLocked({ name, about, caller }: Claimant): void {
    const { subject } = about
    emit(
      { event: 'account.locked', outcome: 'success', reason: 'too_many_failures', ...namesOf(subject) },
      caller,
    )
    onLocked?.({
      ...{ name: name.slice(0, MAX_NAME_TOLD), subject, ip: caller.ip, userAgent: caller.user_agent },
      until: new Date(clock.now() + settings.account.blockMs),
    })
  }

  return {
    async check(claimant) {
      const account = accounts.of(claimant.name, claimant.about.subject)
      const own = known(claimant, account)
      if (own !== undefined) {
        const outcome = await checkKnown(claimant, account, own)
        if (outcome.kind !== 'blocked') return outcome
      }
      return checkStranger(claimant, account)
    },
    async succeeded({ claimant, account, judged, others }) {
      // The network's other failures still count: an attacker may have an account there, too.
      await Promise.all([
        counters.forget({ name: judged.name, since: judged.since, at: clock.now() }),
        takeBack(others),
      ])
      const marks = knownDevices.remember(claimant.marks, account, clock.now())
      return { marks, maxAgeSeconds: KNOWN_SECONDS }
    },
    async failed({ claimant, account, judged }) {
      let { last } = judged
      const ofAccount = nameOf('account', account)
      if (judged.name !== ofAccount) {
        // A failure on a known device counts against the account as well.
        const outcome = await count(ofAccount, settings.account)
        last ||= outcome.kind === 'counted' && outcome.counted.last
      }
      tellFailure(claimant, claimant.about.reason ?? 'invalid_credentials')
      if (last) tellLocked(claimant)
    },
    abandoned: ({ judged, others }) => takeBack([judged, ...others]),
    async lock({ name, subject, reason, forMs = settings.account.blockMs, caller }) {
      const account = nameOf('account', accounts.of(name, subject))
      const outcome = await counters.block({ name: account, forMs, at: clock.now() })
      if (outcome.kind === 'unavailable') return outcome
      emit({ event: 'account.locked', outcome: 'success', reason, ...namesOf(subject) }, caller)
      return { kind: 'locked' }
    },
    async unlock(name, subject) {
      const names = new Set([accounts.of(name, undefined), accounts.of(name, subject)])
      const outcomes = await Promise.all(
        [...names].map((account) => counters.forget({ name: nameOf('account', account), at: clock.now() })),
      )
      if (outcomes.some(({ kind }) => kind === 'unavailable')) return { kind: 'unavailable' }
      const wasLocked = outcomes.some((one) => one.kind === 'forgotten' && one.wasBlocked)
      return { kind: wasLocked ? 'unlocked' : 'was_open' }
    },
  }
}

function namesOf(subject: string | undefined): { readonly sub?: string } {
  return subject === undefined ? {} : { sub: subject }
}
