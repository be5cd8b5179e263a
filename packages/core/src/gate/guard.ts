import { choices, describeValue } from '../errors.ts'
import type { Guard, GuardVerdict } from '../guards/guard.ts'
import type { Clock } from '../ports/clock.ts'
import { problems } from '../problems.ts'
import type { Auth } from '../seam/auth.ts'
import type { Answer, RequestView } from '../seam/http.ts'
import { isThenable } from '../thenable.ts'
import type { TokenSchemes } from './credentials.ts'
import type { Refuse } from './refuse.ts'

/**
 * Applies a guard to one request: the answer that refuses it, or `undefined` where it passes. A guest (`null`) is
 * refused. Throws a `TypeError` where no `authMiddleware` let the request through (`undefined`). A promise is given
 * only where the guard gives one.
 */
export type GuardCheck = (
  auth: Auth | null | undefined,
  view: RequestView,
) => Answer | undefined | Promise<Answer | undefined>

export interface GuardParts {
  readonly clock: Clock
  readonly refuse: Refuse
  readonly schemesOf: TokenSchemes['of']
}

export function createGuardCheck(guard: Guard, { clock, refuse, schemesOf }: GuardParts): GuardCheck {
  if (typeof guard !== 'function')
    throw new TypeError('guard: the argument must be a function (auth, view) => verdict')
  function answerTo(verdict: GuardVerdict, view: RequestView): Answer | undefined {
    if (verdict?.kind === 'pass') return undefined
    if (verdict?.kind === 'refuse') {
      if (Object.hasOwn(problems, verdict.problem))
        return refuse(verdict.problem, { ...verdict, schemes: schemesOf(view) })
      const hint = choices(String(verdict.problem), Object.keys(problems))
      throw new TypeError(`a guard refused with the unknown problem ${describeValue(verdict.problem)}${hint}`)
    }
    throw new TypeError(
      'a guard must return { kind: "pass" }, or { kind: "refuse" } with a "problem" such as "access_denied"',
    )
  }
  return (auth, view) => {
    if (auth === undefined)
      throw new TypeError('a guard needs authMiddleware before it: none let this request through')
    if (auth === null) return refuse('token_missing', { schemes: schemesOf(view) })
    const verdict = guard(auth, view, clock)
    return isThenable(verdict)
      ? Promise.resolve(verdict).then((settled) => answerTo(settled, view))
      : answerTo(verdict, view)
  }
}
