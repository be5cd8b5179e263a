import type { Guard } from '@sallyport/core'
import { schema } from '@sallyport/core/sink'

/** What `createConsole` takes. */
export interface ConsoleOptions {
  /** The name of your application, as the pages show it. Default `Account`. */
  readonly title?: string | undefined
  /** Where the routers of the library are mounted. Default `/auth`. */
  readonly authPath?: string | undefined
  /** Your route for signing in: `POST` with `{"username","password"}`. Default `${authPath}/login`. */
  readonly signIn?: string | undefined
  /**
   * Your route for a new password: `POST` with `{"current","next"}`. Default `${authPath}/password`. `false`: users cannot
   * change it here.
   */
  readonly password?: string | false | undefined
  /**
   * Your route that authenticates users again: `POST` with `{"password"}`. Default `${authPath}/step-up`. `false`: there is
   * none.
   */
  readonly stepUp?: string | false | undefined
  /** Where you mount `account`; an empty string stands for the root. Default `/account`. */
  readonly accountPath?: string | undefined
  /** Where you mount `operator`. Default `/operator`. */
  readonly operatorPath?: string | undefined
  /** Users of a demo, whom the sign-in page offers with their common password. Default: none. */
  readonly demo?: DemoUsers | undefined
  /** Who may use the operator's page. Default: nobody, and there are no routes for it. */
  readonly operator?: OperatorOptions | undefined
}

export interface DemoUsers {
  readonly users: readonly string[]
  readonly password: string
}

export interface OperatorOptions {
  /** The scope that an access token must have. Its holders may sign out anybody and take keys out of use. */
  readonly scope: string
  /** What else must let a caller through, such as `gateOf(sallyport).guards.requireFresh({ maxAge: 600 })`. Default: nothing. */
  readonly guards?: readonly Guard[] | undefined
}

export interface Settings {
  readonly title: string
  readonly authPath: string
  readonly signIn: string
  readonly password: string | false
  readonly stepUp: string | false
  readonly accountPath: string
  readonly operatorPath: string
  readonly demo: DemoUsers | undefined
  readonly operator: OperatorSettings | undefined
}

export interface OperatorSettings {
  readonly scope: string
  readonly guards: readonly Guard[]
}

const { callable, custom, distinctArray, filledArray, group, optional, parse, string } = schema

const PATH = /^(\/[A-Za-z0-9._~-]+)+$/
const ROUTE = 'a path such as "/auth/login"'
const mount = string(/^(\/[A-Za-z0-9._~-]+)*$/, 'a path such as "/account", or an empty string')
const routeOrFalse = custom<string | false>(
  (given) => given === false || (typeof given === 'string' && PATH.test(given)),
  `${ROUTE}, or \`false\``,
)
const everything = group({
  title: optional(string(/^[^\p{Cc}]{1,80}$/u, '1 to 80 characters without control characters'), 'Account'),
  authPath: optional(mount, '/auth'),
  signIn: optional(string(PATH, ROUTE)),
  password: optional(routeOrFalse),
  stepUp: optional(routeOrFalse),
  accountPath: optional(mount, '/account'),
  operatorPath: optional(mount, '/operator'),
  demo: optional(
    group({
      users: filledArray(string(/^[^\p{Cc}]{1,64}$/u, 'a user name'), 'an array of user names'),
      password: string(/^.{1,255}$/s, '1 to 255 characters'),
    }),
  ),
  operator: optional(
    group({
      scope: string(/^[\x21\x23-\x5b\x5d-\x7e]{1,255}$/, 'a scope such as "operator"'),
      guards: optional(
        distinctArray(callable<Guard>('a function (auth, view) => verdict'), 'an array of guards'),
        [],
      ),
    }),
  ),
})

/** Throws a `ConfigError` that names the wrong option. */
export function parseOptions(given: ConsoleOptions): Settings {
  const mayShow = (path: string): boolean => path !== 'console.demo.password'
  const parsed = parse(everything, given, { path: 'console', mayShow })
  const { authPath } = parsed
  return {
    ...parsed,
    signIn: parsed.signIn ?? `${authPath}/login`,
    password: parsed.password ?? `${authPath}/password`,
    stepUp: parsed.stepUp ?? `${authPath}/step-up`,
    demo: parsed.demo,
    operator: parsed.operator,
  }
}
