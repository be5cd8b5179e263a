import type { Auth } from '../seam/auth.ts'
import type { RequestView } from '../seam/http.ts'
import { isThenable } from '../thenable.ts'
import { type GetAuth, requireAuth, whenSettled } from './settled.ts'
import { type ExchangeShape, mistakeIn } from './shapes.ts'

/** What is asked about a request before something goes on. A promise is given only where it takes time. */
export interface Question<Request, T> {
  (view: RequestView, request: Request): T | Promise<T>
  /** The call that made it, such as `requireScope`; `undefined` for a route. */
  readonly askedBy?: string
}

/** The requests of one framework. */
export interface Requests<Request> {
  readonly shape: ExchangeShape
  read(request: Request): RequestView
  /** The caller that `protect` attached; nothing if no `protect` ran. */
  attached(request: Request): Auth | null | undefined
  /**
   * Asks about a request, and goes on with the answer: now, or when it is there. Where that fails because the framework's
   * request is something else, the error is a `TypeError` that says what it is.
   *
   * @param fail takes what a promise, or going on after it, rejects with; without it the returned promise does
   */
  ask<T, R>(
    question: Question<Request, T>,
    request: Request,
    goOn: (answer: T) => R,
    fail?: (error: Error) => void,
  ): R | Promise<unknown>
}

/** The callers that are attached to the requests of one framework. */
export interface AttachedCallers<Holder> {
  /** Throws a `TypeError` if there is no caller. */
  readonly getAuth: GetAuth<Holder>
  /** The caller, if there is one. Throws a `TypeError` only for something that is not a request of the framework. */
  findAuth(holder: Holder): Auth | undefined
}

/**
 * Reads requests and finds their callers, by what an adapter supplies.
 *
 * What was given is looked at only where there is no caller or something failed, so that no other request pays for it.
 *
 * @param attachedBy where the adapter attaches the caller; it gives `undefined` for any other object
 */
export function requestsOf<Request extends Holder, Holder>(
  shape: ExchangeShape,
  read: (request: Request) => RequestView,
  attachedBy: (holder: Holder) => Auth | null | undefined,
): Requests<Request> & AttachedCallers<Holder> {
  function attached(holder: Holder): Auth | null | undefined {
    const auth = attachedBy(holder)
    // Other libraries use the same place, and none of them freezes what it puts there.
    return auth && !(Object.isFrozen(auth) && typeof auth.own === 'boolean') ? undefined : auth
  }

  function callerOf(call: string, holder: Holder): Auth | null | undefined {
    const auth = holder ? attached(holder) : undefined
    const mistake = auth === undefined ? mistakeIn(call, shape, [holder]) : undefined
    if (mistake !== undefined) throw mistake
    return auth
  }

  function goOnWith<T, R>(
    answer: T,
    question: Question<Request, T>,
    request: Request,
    goOn: (answer: T) => R,
  ): R {
    try {
      return goOn(answer)
    } catch (cause) {
      throw reasonFor(cause, question, request)
    }
  }

  /** What failed, or that it failed because of what was given. */
  function reasonFor<T>(cause: unknown, { askedBy = 'a route' }: Question<Request, T>, request: Request) {
    const mistake = mistakeIn(askedBy, shape, [request])
    if (mistake === undefined) return cause
    // It may have been something else all the same.
    mistake.cause = cause
    return mistake
  }

  return {
    shape,
    read,
    attached,
    ask(question, request, goOn, fail) {
      let answer: ReturnType<typeof question>
      try {
        answer = question(read(request), request)
      } catch (cause) {
        throw reasonFor(cause, question, request)
      }
      return isThenable(answer)
        ? whenSettled(answer, (settled) => goOnWith(settled, question, request, goOn), fail)
        : goOnWith(answer, question, request, goOn)
    },
    getAuth: (holder, guard) => requireAuth(callerOf('getAuth', holder), guard),
    findAuth: (holder) => callerOf('findAuth', holder) ?? undefined,
  }
}
