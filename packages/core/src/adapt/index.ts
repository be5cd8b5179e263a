import { gateOf, type Sallyport } from '../application/index.ts'
import { refuseUnknownMembers } from '../errors.ts'
import type { Nobody } from '../gate/lockout-calls.ts'
import { faultOf } from '../gate/refuse.ts'
import type { RevokeOptions, WithCookies } from '../gate/session-calls.ts'
import type { Guard } from '../guards/guard.ts'
import type { GuardMethods, Guards } from '../guards/index.ts'
import { withProofOf } from '../guards/proof.ts'
import type { RequestView, Route } from '../seam/http.ts'
import type { SignIn } from '../sessions/arguments/sign-in.ts'
import type { StepUp } from '../sessions/arguments/step-up.ts'
import type { AboutSignIn, SignInAttempt } from '../watch/lockout/attempt.ts'

import type { Adapted, AdaptedSessions } from './adapted.ts'
import type { Field, Host } from './host.ts'
import { type AttachedCallers, type Question, type Requests, requestsOf } from './requests.ts'
import { type GetAuth, requireAuth, whenSettled } from './settled.ts'
import { type ExchangeShape, mistakeIn, shapes } from './shapes.ts'

export type { Adapted, AdaptedSessions, AttachedCallers, ExchangeShape, GetAuth, Host, Question, Requests }
export { requestsOf, requireAuth, shapes, whenSettled }

/**
 * Gives a `Sallyport` the form of one framework, by what the framework's adapter supplies. Endpoints and guards are
 * written once, in the core, so adding one changes no adapter.
 */
export function adapt<Exchange extends unknown[], Reply, Protect, Check, Router, Placement extends object>(
  core: Sallyport,
  host: Host<Exchange, Reply, Protect, Check, Router, Placement>,
): Adapted<Exchange, Reply, Protect, Check, Router, Placement> {
  const gate = gateOf(core)
  const { read, attached, shape } = host.requests
  const exchangeLength = shape.parts.length
  function checkBy(call: string, guard: Guard): Check {
    const check = gate.check(guard)
    const question = (view: RequestView, request: Exchange[0]) => check(attached(request), view)
    return withProofOf(guard, host.guard(Object.assign(question, { askedBy: call })))
  }
  function routerOf(name: string, routes: readonly Route[], placement: Placement | undefined): Router {
    const given = called(name, placement)
    if (given !== undefined) {
      if (host.placementNames === undefined)
        throw new TypeError(
          `${name}: it takes no options on this framework: give the path where you mount it`,
        )
      refuseUnknownMembers(name, given, host.placementNames)
      for (const [member, path] of Object.entries(given))
        if (path !== undefined) checkPath(name, member, path)
    }
    return host.router(routes, placement)
  }
  return {
    ...core,
    authMiddleware(options) {
      const call = 'authMiddleware'
      return host.protect(Object.assign(gate.verifier(called(call, options)), { askedBy: call }))
    },
    ...guardMethods(gate.guards, checkBy),
    guard: (guard) => checkBy('guard', guard),
    refreshRouter: (placement) => routerOf('refreshRouter', gate.routes(['refresh']), placement),
    logoutRouter: (placement) => routerOf('logoutRouter', gate.routes(['logout']), placement),
    router(...parts) {
      called('router', parts[0])
      const routes: Route[] = []
      let placement: Placement | undefined
      for (const part of parts) {
        if (typeof part === 'string' || isRoute(part)) routes.push(...gate.routes([part]))
        else placement = part
      }
      return routerOf('router', routes, placement)
    },
    async signIn(...args) {
      const exchange = exchangeOf('signIn', args, 1)
      const signIn = args[exchangeLength] as SignIn
      return host.send(await gate.signIn(read(exchange[0]), signIn), ...exchange)
    },
    async stepUp(...args) {
      const exchange = exchangeOf('stepUp', args, 1)
      const auth = requireAuth(attached(exchange[0]))
      const answer = await gate.stepUp(read(exchange[0]), auth, args[exchangeLength] as StepUp)
      return host.send(answer, ...exchange)
    },
    async guardSignIn<Found>(...args: unknown[]): Promise<Exclude<Found, Nobody> | undefined> {
      const exchange = exchangeOf('guardSignIn', args, 2)
      const [name, check, about] = args.slice(exchangeLength) as [
        string,
        () => Found | PromiseLike<Found>,
        AboutSignIn | undefined,
      ]
      const outcome = await gate.lockout.guard(read(exchange[0]), name, check, about)
      if (outcome.kind === 'refused') throw faultOf(outcome)
      if (outcome.kind === 'failed') return undefined
      host.setFields(fieldsOf(outcome), ...exchange)
      return outcome.found
    },
    lockout: {
      ...core.lockout,
      async check(...args) {
        const request = requestOf('lockout.check', args, 1)
        const [name, about] = args.slice(exchangeLength) as [string, AboutSignIn | undefined]
        const checked = await gate.lockout.check(read(request), name, about)
        if (checked.kind === 'refused') throw faultOf(checked)
        return checked.attempt
      },
      async record(...args) {
        await step(partsOf('lockout.record', args, 2), args, (view, _exchange, attempt, outcome) =>
          gate.lockout.record(view, attempt as SignInAttempt, outcome as 'success' | 'failure'),
        )
      },
    },
    sessions: {
      ...core.sessions,
      start: async (...args) =>
        step(exchangeOf('sessions.start', args, 1), args, (view, _exchange, signIn) =>
          gate.sessions.start(view, signIn as SignIn),
        ),
      end: async (...args) =>
        step(exchangeOf('sessions.end', args), args, (view, _exchange, options) =>
          gate.sessions.end(view, options as RevokeOptions | undefined),
        ),
      find: async (...args) => gate.sessions.find(read(requestOf('sessions.find', args))),
      handOver: async (...args) => gate.sessions.handOver(read(requestOf('sessions.handOver', args))),
      async stepUp(...args) {
        const exchange = partsOf('sessions.stepUp', args, 1)
        const auth = requireAuth(attached(exchange[0]))
        return gate.sessions.stepUp(read(exchange[0]), auth, args[exchangeLength] as StepUp)
      },
      revokeOthers: async (...args) =>
        step(exchangeOf('sessions.revokeOthers', args), args, (view, exchange, options) => {
          const auth = requireAuth(attached(exchange[0]))
          return gate.sessions.revokeOthers(view, auth, options as RevokeOptions | undefined)
        }),
    },
  }

  /**
   * The arguments that make up the exchange. Throws a `TypeError` for a call that has too few of them, such as one without
   * the response, and, before anything is done, for something that is not a request of the framework.
   *
   * @param further how many have to follow
   * @param used how many of them the call has a use for
   */
  function partsOf(call: string, args: readonly unknown[], further = 0, used = exchangeLength): Exchange {
    if (args.length >= exchangeLength + further) {
      const mistake = mistakeIn(call, shape, args.slice(0, used))
      if (mistake !== undefined) throw mistake
      return args.slice(0, exchangeLength) as Exchange
    }
    const first = exchangeLength === 1 ? 'the context comes first' : 'the request and the response come first'
    throw new TypeError(`${call}: too few arguments: ${first}`)
  }

  /** The same for a call that puts something on the response: a session must not begin or end if its cookie can't be set. */
  function exchangeOf(call: string, args: readonly unknown[], further = 0): Exchange {
    const exchange = partsOf(call, args, further)
    if (host.isSent(...exchange))
      throw new TypeError(`${call}: the response has been sent already: await this call before you answer`)
    return exchange
  }

  /** The request, for a call that sends nothing: where a connection is upgraded, there is no response. */
  function requestOf(call: string, args: readonly unknown[], further = 0): Exchange[0] {
    return partsOf(call, args, further, 1)[0]
  }

  /** Takes a step for the request, and sets the cookies and other fields that it gives on the response. */
  async function step<Result extends WithCookies>(
    exchange: Exchange,
    args: readonly unknown[],
    take: (view: RequestView, exchange: Exchange, ...rest: unknown[]) => Promise<Result>,
  ): Promise<Omit<Result, keyof WithCookies>> {
    const { cookies, headers, ...result } = await take(
      read(exchange[0]),
      exchange,
      ...args.slice(exchangeLength),
    )
    host.setFields(fieldsOf({ cookies, headers }), ...exchange)
    return result
  }
}

function fieldsOf({ cookies, headers = {} }: WithCookies): readonly Field[] {
  return [...cookies.map((cookie): Field => ['Set-Cookie', cookie]), ...Object.entries(headers)]
}

function guardMethods<Check>(
  guards: Guards,
  checkBy: (call: string, guard: Guard) => Check,
): GuardMethods<Check> {
  const method =
    (call: string, make: (...args: never[]) => Guard) =>
    (...args: never[]) =>
      checkBy(call, make(...args))
  // Object.fromEntries forgets which names there are: those of `guards`.
  return Object.fromEntries(
    Object.entries(guards).map(([name, make]) => [name, method(name, make)]),
  ) as GuardMethods<Check>
}

/** The argument of a factory. Throws a `TypeError` where the framework called the factory itself, with a request. */
function called<T>(name: string, given: T): T {
  if (typeof given === 'object' && given !== null && ('headers' in given || 'register' in given))
    throw new TypeError(`${name} was passed without being called: write ${name}()`)
  return given
}

/** Throws a `TypeError` for a path below which no request would match. */
function checkPath(call: string, member: string, path: unknown): void {
  if (path !== '' && !(typeof path === 'string' && /^\/.*[^/]$/.test(path)))
    throw new TypeError(`${call}: "${member}" must begin with "/" and must not end with it, such as "/auth"`)
}

function isRoute(part: object): part is Route {
  return 'path' in part && 'handle' in part
}
