import { schema } from '@sallyport/core/sink'
import { ask, type Reply } from '../app/ask.ts'
import { afterSetCookies, type Body, type Cookies, cookieHeader, type Headers } from '../callers/exchange.ts'

/** A signed-in client: that of `testSallyport`, or one that your own sign-in has made. */
export interface SignedIn {
  /** `cookie` and `authorization`, and what else each of its requests has. */
  readonly headers: Readonly<Record<string, string>>
}

/** Where an application has what the rules are about, and how somebody signs in there. */
export interface StageOptions {
  /**
   * Signs a user in, whom nobody else signs in: without an `Idempotency-Key`, and without DPoP. `signIn` of
   * `testSallyport` does that.
   */
  readonly signIn: (subject: string) => Promise<SignedIn>
  /** Answers GET with 200 for every signed-in user, and with a body that differs from user to user, such as `/api/me`. */
  readonly protectedPath: string
  /** Default `/auth/refresh`. */
  readonly refreshPath?: string | undefined
  /** Default `/auth/logout`. */
  readonly logoutPath?: string | undefined
}

/** One client at one moment. */
export interface Line {
  readonly identity: Headers
  readonly cookies: Cookies
  readonly authorization: string
}

/** What rules do with an application. */
export interface Stage {
  /** Signs in somebody new. */
  signIn(): Promise<Line>
  refresh(line: Line, extra?: Headers): Promise<Reply>
  /** The client after an answer to its refresh. */
  after(line: Line, reply: Reply): Line
  /** Sends the access token to the protected path. */
  visit(line: Line): Promise<Reply>
  logout(line: Line): Promise<Reply>
}

const { callable, group, optional, parse, string } = schema
const path = string(/^\/[^\s?#]*$/, 'a path such as "/auth/refresh"')
const stageSchema = group({
  signIn: callable<StageOptions['signIn']>('a function (subject) => Promise of { headers }'),
  protectedPath: path,
  refreshPath: optional(path, '/auth/refresh'),
  logoutPath: optional(path, '/auth/logout'),
})

/** @param by what takes the options, such as `refreshStorm`. Throws a `ConfigError` that names the wrong one */
export function parseStage(given: StageOptions, by: string): StageSettings {
  return parse(stageSchema, given, { path: by })
}

export interface StageSettings {
  readonly signIn: StageOptions['signIn']
  readonly protectedPath: string
  readonly refreshPath: string
  readonly logoutPath: string
}

export function createStage(base: URL, settings: StageSettings): Stage {
  const { signIn, protectedPath, refreshPath, logoutPath } = settings
  let signedIn = 0
  const withCookies = ({ identity, cookies }: Line): Headers => ({
    ...identity,
    cookie: cookieHeader(cookies),
  })
  const withBoth = (line: Line): Headers => ({ ...withCookies(line), authorization: line.authorization })
  return {
    async signIn() {
      signedIn++
      return lineOf(await signIn(`storm-${signedIn}`))
    },
    refresh: (line, extra = {}) =>
      ask(new URL(refreshPath, base), 'POST', { ...withCookies(line), ...extra }),
    after(line, { headers, body }) {
      const { access_token: token } = tokensIn(body)
      return {
        ...line,
        cookies: afterSetCookies(line.cookies, headers['set-cookie'] ?? []),
        authorization: token === undefined ? line.authorization : `Bearer ${token}`,
      }
    },
    visit: ({ identity, authorization }) =>
      ask(new URL(protectedPath, base), 'GET', { ...identity, authorization }),
    logout: (line) => ask(new URL(logoutPath, base), 'POST', withBoth(line)),
  }
}

function lineOf({ headers }: SignedIn): Line {
  const { cookie = '', authorization = '', ...identity } = lowerCased(headers)
  if (cookie === '' || !/^Bearer /i.test(authorization))
    throw new TypeError(
      '"signIn" must give { headers } with a "cookie" and an "authorization" of the scheme Bearer',
    )
  return { identity, cookies: afterSetCookies({}, cookie.split(';')), authorization }
}

const lowerCased = (headers: SignedIn['headers']): Headers =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))

function tokensIn(body: string): Body {
  try {
    const parsed: unknown = JSON.parse(body)
    return typeof parsed === 'object' && parsed !== null ? parsed : {}
  } catch {
    return {}
  }
}

/** What replies say, as a clause: `3 were answered 429, 7 were answered 200`. */
export function tallied(replies: readonly Reply[]): string {
  const counts = new Map<string, number>()
  for (const { status, body } of replies) {
    const { error } = tokensIn(body)
    const said =
      status === 0 ? 'not answered' : `answered ${status}${error === undefined ? '' : ` (${error})`}`
    counts.set(said, (counts.get(said) ?? 0) + 1)
  }
  const clauses = [...counts].map(([said, count]) => `${count} ${count === 1 ? 'was' : 'were'} ${said}`)
  return clauses.join(', ')
}

/** What one reply says, as the rest of a sentence: `was answered 429`. */
export const saidOf = (reply: Reply): string => tallied([reply]).replace(/^1 /, '')
