import { RefusalError, UnavailableError } from '../errors.ts'
import { type ProblemCode, problems } from '../problems.ts'
import type { Answer } from '../seam/http.ts'
import { isThenable } from '../thenable.ts'
import { type RefusalDetails, refusal } from './answers/answer.ts'

/** A refusal, for a function that writes its body. */
export interface RefusalToWrite {
  readonly status: number
  /** Which refusal, such as `token_expired`. */
  readonly code: ProblemCode
  /** The `error` of the library's own body, such as `invalid_token`. */
  readonly error: string
  /** The text of the library's own body. */
  readonly description: string
}

/** `answer`: the library's own body. `throw`: a `RefusalError` for the framework. A function: what it returns, as JSON. */
export type RefusalForm = 'answer' | 'throw' | ((refusal: RefusalToWrite) => unknown)

/** Refuses a request to a protected route. Throws a `RefusalError` where the application wants one. */
export type Refuse = (code: ProblemCode, details?: RefusalDetails) => Answer

export function createRefuse(form: RefusalForm, notice: (message: string) => void): Refuse {
  if (form === 'answer') return refusal
  if (form === 'throw')
    return (code, details) => {
      throw refusalError(code, details)
    }
  let told = false
  return (code, details) => {
    const answer = refusal(code, details)
    const { error, say: description } = problems[code]
    try {
      const made = form({ status: answer.status, code, error, description })
      if (isThenable(made)) Promise.resolve(made).catch(() => {})
      const body = isThenable(made) ? undefined : JSON.stringify(made)
      if (body === undefined) throw new TypeError('"refusals" must return a value for JSON')
      return { ...answer, body }
    } catch (cause) {
      if (!told)
        notice(
          `"refusals" threw ${cause instanceof Error ? cause.name : 'something'}: the default body is sent`,
        )
      told = true
      return answer
    }
  }
}

/** A refusal as an error that frameworks answer by themselves. Challenge and `Retry-After` are in its headers. */
function refusalError(code: ProblemCode, details?: RefusalDetails): RefusalError {
  const { status, headers } = refusal(code, details)
  const { 'Content-Type': _type, ...kept } = headers
  return new RefusalError(code, {
    status,
    headers: kept,
    error: problems[code].error,
    message: problems[code].say,
  })
}

export interface Refused extends RefusalDetails {
  readonly problem: ProblemCode
}

/** What is refused because its events cannot be written. */
export const UNWRITTEN = { kind: 'refused', problem: 'audit_unavailable' } as const

/** The error with which a call of the application is refused. */
export function faultOf({ problem, ...details }: Refused): Error {
  switch (problem) {
    case 'store_unavailable':
      return new UnavailableError()
    case 'audit_unavailable':
      return new UnavailableError('audit')
    default:
      return refusalError(problem, details)
  }
}
