import { refuseUnknownMembers } from '../errors.ts'
import type { ProblemCode } from '../problems.ts'
import type { Callers } from '../seam/caller.ts'
import type { RequestView } from '../seam/http.ts'
import type { Required } from '../watch/audit/required.ts'
import type { AboutSignIn, SignInAttempt } from '../watch/lockout/attempt.ts'
import type { Lockout } from '../watch/lockout/lockout.ts'
import type { StrictCookie } from './browser/cookies.ts'
import type { CrossSiteCheck } from './browser/csrf.ts'
import { faultOf, UNWRITTEN } from './refuse.ts'
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
  /** @param name what was typed to name the account, as it was sent */
  check(view: RequestView, name: string, about?: AboutSignIn): Promise<CheckedSignIn>
  record(view: RequestView, attempt: SignInAttempt, outcome: 'success' | 'failure'): Promise<WithCookies>
  /** Does both around a check, which finds somebody or {@link Nobody}. */
  guard<Found>(
    view: RequestView,
    name: string,
    check: () => Found | PromiseLike<Found>,
    about?: AboutSignIn,
  ): Promise<GuardedSignIn<Exclude<Found, Nobody>>>
}

export interface GateLockoutParts {
  readonly lockout: Lockout
  /** Where a device keeps that it has signed in before. */
  readonly cookie: StrictCookie
  readonly isCrossSite: CrossSiteCheck
  readonly callers: Callers
  readonly required: Required
}

export function createGateLockout(parts: GateLockoutParts): GateLockout {
  const { lockout, cookie, isCrossSite, callers, required } = parts
  const pending = new WeakSet<SignInAttempt>()

  function settle(attempt: SignInAttempt): void {
    if (!pending.delete(attempt))
      throw new TypeError(
        'lockout.record: the attempt does not come from lockout.check, or was recorded before',
      )
  }

  async function check(view: RequestView, name: string, about: AboutSignIn = {}): Promise<CheckedSignIn> {
    refuseWrong(about)
    // It may be anything that a client put into a body.
    if (typeof name !== 'string') return { kind: 'refused', problem: 'body_malformed' }
    if (about.crossSite !== 'checked' && about.session === undefined && isCrossSite(view, 'sign-in'))
      return { kind: 'refused', problem: 'cross_site' }
    const kept = cookie.read(view)
    const outcome = await lockout.check({
      ...{ name, about, caller: callers.of(view) },
      marks: kept.kind === 'value' ? kept.value : undefined,
    })
    switch (outcome.kind) {
      case 'allowed':
        pending.add(outcome.attempt)
        return outcome
      case 'locked':
        return { ...outcome, kind: 'refused', problem: 'sign_in_locked' }
      case 'unavailable':
        return { kind: 'refused', problem: 'store_unavailable' }
    }
  }

  async function succeed(view: RequestView, attempt: SignInAttempt): Promise<WithCookies> {
    const { marks, maxAgeSeconds } = await lockout.succeeded(attempt)
    // Native apps keep no cookies, and a browser that is signed in has its cookie already.
    const keeps =
      view.headers['x-token-transport'] === undefined && attempt.claimant.about.session === undefined
    return { cookies: keeps ? [cookie.set(marks, maxAgeSeconds)] : [] }
  }

  async function record(
    view: RequestView,
    attempt: SignInAttempt,
    outcome: 'success' | 'failure',
  ): Promise<WithCookies> {
    if (outcome !== 'success' && outcome !== 'failure')
      throw new TypeError('lockout.record: the outcome must be "success" or "failure"')
    settle(attempt)
    if (outcome === 'success') return succeed(view, attempt)
    await lockout.failed(attempt)
    return { cookies: [] }
  }

  async function guard<Found>(
    view: RequestView,
    name: string,
    find: () => Found | PromiseLike<Found>,
    about?: AboutSignIn,
  ): Promise<GuardedSignIn<Exclude<Found, Nobody>>> {
    if (typeof find !== 'function')
      throw new TypeError('guardSignIn: the check of the password must be a function, after the name')
    const checked = await check(view, name, about)
    if (checked.kind === 'refused') return checked
    const { attempt } = checked
    settle(attempt)
    let found: Awaited<Found>
    try {
      found = await find()
    } catch (cause) {
      await lockout.abandoned(attempt)
      throw cause
    }
    if (isNobody(found)) {
      await lockout.failed(attempt)
      return { kind: 'failed' }
    }
    return { kind: 'passed', found: found as Exclude<Found, Nobody>, ...(await succeed(view, attempt)) }
  }

  return {
    check: required.step(check, () => UNWRITTEN),
    record: required.step(record, () => {
      throw faultOf(UNWRITTEN)
    }),
    guard: (view, name, find, about) =>
      required.step(
        () => guard(view, name, find, about),
        () => UNWRITTEN,
      )(),
  }
}

function isNobody(found: unknown): found is Nobody {
  return found === undefined || found === null || found === false
}

const MEMBERS: Readonly<Record<keyof AboutSignIn, true>> = {
  subject: true,
  session: true,
  reason: true,
  crossSite: true,
}

function refuseWrong(about: AboutSignIn): void {
  refuseUnknownMembers('lockout', about, Object.keys(MEMBERS))
  for (const [member, value] of Object.entries(about))
    if (value !== undefined && typeof value !== 'string')
      throw new TypeError(`lockout: "${member}" must be a string`)
  const { crossSite = 'refuse' } = about
  if (crossSite !== 'refuse' && crossSite !== 'checked')
    throw new TypeError('lockout: "crossSite" must be "refuse" or "checked"')
}
