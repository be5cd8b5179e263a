import { ConfigError, refuseUnknownMembers } from '../errors.ts'
import type { ProblemCode } from '../problems.ts'
import type { Callers } from '../seam/caller.ts'
import type { RequestView } from '../seam/http.ts'
import type { Account, SignInAttempt } from '../watch/lockout/attempt.ts'
import type { Lockout } from '../watch/lockout/lockout.ts'
import type { StrictCookie } from './browser/cookies.ts'
import type { WithCookies } from './session-calls.ts'

export type CheckedSignIn =
  | { readonly kind: 'allowed'; readonly attempt: SignInAttempt }
  | { readonly kind: 'refused'; readonly problem: ProblemCode; readonly retryAfterSeconds?: number }

export type GuardedSignIn<Found> =
  | ({ readonly kind: 'passed'; readonly found: Found } & WithCookies)
  /** The check found nobody. */
  | { readonly kind: 'failed' }
  | Extract<CheckedSignIn, { readonly kind: 'refused' }>

/** What a check of a password gives if it finds nobody. */
export type Nobody = false | null | undefined

/** The lockout, for sign-ins over HTTP. `cookies` belong on the response. */
export interface GateLockout {
  check(view: RequestView, account: string | Account): Promise<CheckedSignIn>
  record(view: RequestView, attempt: SignInAttempt, outcome: 'success' | 'failure'): Promise<WithCookies>
  /** Does both around a check, which finds somebody or {@link Nobody}. */
  guard<Found>(
    view: RequestView,
    account: string | Account,
    check: () => Found | PromiseLike<Found>,
  ): Promise<GuardedSignIn<Exclude<Found, Nobody>>>
}

export interface GateLockoutParts {
  /** `undefined` if the store keeps no counters. */
  readonly lockout: Lockout | undefined
  /** Where a device keeps that it has signed in before. */
  readonly cookie: StrictCookie
  readonly callers: Callers
}

/** Browsers keep a cookie no longer than 400 days. A device that was away for half a year has to prove itself anew. */
const MARKS_SECONDS = 180 * 86_400

export function createGateLockout({ lockout, cookie, callers }: GateLockoutParts): GateLockout {
  const pending = new WeakSet<SignInAttempt>()

  function present(): Lockout {
    if (lockout !== undefined) return lockout
    throw new ConfigError('store', { sentence: '"store" must keep counters, which a lockout needs' })
  }

  function settle(attempt: SignInAttempt): void {
    if (!pending.delete(attempt))
      throw new TypeError('lockout.record: the attempt is none of lockout.check, or was recorded before')
  }

  async function check(view: RequestView, account: string | Account): Promise<CheckedSignIn> {
    const named = accountOf(account)
    // It may come from a body as it was sent.
    if (typeof named.name !== 'string') return { kind: 'refused', problem: 'body_malformed' }
    const kept = cookie.read(view)
    const outcome = await present().check({
      account: named,
      marks: kept.kind === 'value' ? kept.value : undefined,
      caller: callers.of(view),
    })
    switch (outcome.kind) {
      case 'allowed':
        pending.add(outcome.attempt)
        return outcome
      case 'locked':
        return {
          kind: 'refused',
          problem: 'sign_in_locked',
          retryAfterSeconds: outcome.retryAfterSeconds,
        }
      case 'unavailable':
        return { kind: 'refused', problem: 'store_unavailable' }
    }
  }

  async function succeed(view: RequestView, attempt: SignInAttempt): Promise<WithCookies> {
    const marks = await present().succeeded(attempt)
    // Native apps keep no cookies.
    const keeps =
      view.headers['x-token-transport'] === undefined && attempt.claimant.account.session === undefined
    return { cookies: keeps ? [cookie.set(marks, MARKS_SECONDS)] : [] }
  }

  return {
    check,
    async record(view, attempt, outcome) {
      if (outcome !== 'success' && outcome !== 'failure')
        throw new TypeError('lockout.record: the outcome must be "success" or "failure"')
      settle(attempt)
      if (outcome === 'success') return succeed(view, attempt)
      await present().failed(attempt)
      return { cookies: [] }
    },
    async guard<Found>(
      view: RequestView,
      account: string | Account,
      find: () => Found | PromiseLike<Found>,
    ): Promise<GuardedSignIn<Exclude<Found, Nobody>>> {
      const checked = await check(view, account)
      if (checked.kind === 'refused') return checked
      const { attempt } = checked
      settle(attempt)
      let found: Awaited<Found>
      try {
        found = await find()
      } catch (cause) {
        await present().abandoned(attempt)
        throw cause
      }
      if (isNobody(found)) {
        await present().failed(attempt)
        return { kind: 'failed' }
      }
      return { kind: 'passed', found: found as Exclude<Found, Nobody>, ...(await succeed(view, attempt)) }
    },
  }
}

function isNobody(found: unknown): found is Nobody {
  return found === undefined || found === null || found === false
}

const MEMBERS: Readonly<Record<keyof Account, true>> = {
  name: true,
  subject: true,
  session: true,
  reason: true,
}

/** Throws a `TypeError` for what only the application can get wrong. */
function accountOf(given: string | Account): Account {
  const isAccount = typeof given === 'object' && given !== null && 'name' in given
  const account = isAccount ? given : { name: given as string }
  refuseUnknownMembers('lockout', account, Object.keys(MEMBERS))
  for (const member of Object.keys(MEMBERS) as (keyof Account)[]) {
    const value = account[member]
    if (member === 'name' || value === undefined || typeof value === 'string') continue
    throw new TypeError(`lockout: "${member}" must be a string`)
  }
  return account
}
