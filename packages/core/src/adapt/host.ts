import type { Answer, Decision, Route } from '../seam/http.ts'
import type { Question, Requests } from './requests.ts'

/** The name and the value of a header field, such as `Set-Cookie`. */
export type Field = readonly [name: string, value: string]

/**
 * What an adapter supplies for its framework. It reads requests, sends answers and attaches callers; it decides
 * nothing.
 *
 * `Exchange` is the argument list in which the framework passes a request and its response, such as `[req, res]` or
 * `[ctx]`. `Placement` tells the router where its routes are mounted, for frameworks that have to know.
 */
export interface Host<Exchange extends unknown[], Reply, Protect, Check, Router, Placement> {
  /** Reads requests, of which each is the first argument of an exchange, and finds the callers attached to them. */
  readonly requests: Requests<Exchange[0]>
  /** Sends an answer unchanged. */
  send(answer: Answer, ...exchange: Exchange): Reply
  /** Whether the header of the response is on its way, so that nothing can be added. */
  isSent(...exchange: Exchange): boolean
  /** Appends these header fields to the response that somebody else sends. */
  setFields(fields: readonly Field[], ...exchange: Exchange): void
  /**
   * Verifies each request. On `allow`, sets the header fields of the decision, attaches the caller and continues; otherwise
   * sends the answer.
   */
  protect(verify: Question<Exchange[0], Decision>): Protect
  /** Checks each request. Continues if the check returns nothing; otherwise sends its answer. */
  guard(check: Question<Exchange[0], Answer | undefined>): Check
  /**
   * The names of the members of a placement, each of which is a path such as `/auth`. Default: none, since the framework
   * mounts routers by itself.
   */
  readonly placementNames?: readonly (string & keyof Placement)[]
  router(routes: readonly Route[], placement: Placement | undefined): Router
}
