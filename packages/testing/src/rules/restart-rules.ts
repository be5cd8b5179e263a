import type { Reply } from '../app/ask.ts'
import type { TestRedis } from '../redis/redis.ts'
import { until } from '../waiting.ts'
import type { Rule } from './broken-rule.ts'
import { type Line, type Stage, saidOf } from './stage.ts'

export interface Outage extends Stage {
  readonly redis: Pick<TestRedis, 'restart'>
  /** How long the application may take to serve requests again. */
  readonly backWithinMs: number
}

const isOk = ({ status }: Reply): boolean => status === 200
const isAway = ({ status }: Reply): boolean => status === 503 || status === 0

/** How often in a row a token has to be refused after an outage until it is taken for refused. */
const LOOKS = 5

/** Refreshes until the application is back. */
async function back({ refresh, backWithinMs }: Outage, line: Line): Promise<Reply> {
  return until(
    () => refresh(line),
    (reply) => !isAway(reply),
    backWithinMs,
  )
}

/** Signs in, once the application is back from the last restart; its own sign-in rejects until then. */
async function signedIn({ signIn, backWithinMs }: Outage): Promise<Line | string> {
  const attempt = (): Promise<Line | string> =>
    signIn().catch(
      (cause: unknown) => `a sign-in failed: ${cause instanceof Error ? cause.message : 'no reason given'}`,
    )
  return until(attempt, (given) => typeof given !== 'string', backWithinMs)
}

const saysSo: Rule<Outage> = {
  rule: 'says_so',
  holds: 'while Redis is away, a refresh and a logout are answered 503 with Retry-After',
  async judge(outage) {
    const line = await signedIn(outage)
    if (typeof line === 'string') return line
    const replies: [string, Reply][] = []
    await outage.redis.restart({
      async meanwhile() {
        replies.push(['a refresh', await outage.refresh(line)], ['a logout', await outage.logout(line)])
      },
    })
    const wrong = replies.find(
      ([, { status, headers }]) => status !== 503 || headers['retry-after'] === undefined,
    )
    if (wrong === undefined) return undefined
    const [what, reply] = wrong
    return `${what} ${saidOf(reply)}${reply.status === 503 ? ', without Retry-After' : ''}`
  },
}

const keepsSessions: Rule<Outage> = {
  rule: 'keeps_sessions',
  holds: 'when Redis comes back with what it had, everybody is still signed in',
  async judge(outage) {
    const line = await signedIn(outage)
    if (typeof line === 'string') return line
    await outage.redis.restart()
    const reply = await back(outage, line)
    if (!isOk(reply)) return `the refresh afterwards ${saidOf(reply)}`
    const visit = await outage.visit(outage.after(line, reply))
    return isOk(visit) ? undefined : `the new access token ${saidOf(visit)}`
  },
}

const staysRevoked: Rule<Outage> = {
  rule: 'stays_revoked',
  holds: 'whoever signed out stays out, also when Redis comes back empty',
  async judge(outage) {
    const line = await signedIn(outage)
    if (typeof line === 'string') return line
    const before = await outage.visit(line)
    if (!isOk(before)) return `before the outage, the access token ${saidOf(before)}`
    const logout = await outage.logout(line)
    if (logout.status < 200 || logout.status > 299) return `the logout ${saidOf(logout)}`
    await outage.redis.restart({ empty: true })
    const again = await signedIn(outage)
    if (typeof again === 'string') return again
    for (let look = 0; look < LOOKS; look++) {
      const visit = await outage.visit(line)
      if (visit.status !== 401 && !isAway(visit)) return `the access token from before ${saidOf(visit)}`
    }
    const refresh = await outage.refresh(line)
    return isOk(refresh) ? `the cookie from before ${saidOf(refresh)}` : undefined
  },
}

const tokensOutlive: Rule<Outage> = {
  rule: 'tokens_outlive',
  holds:
    'the access token of a session that nobody revoked works until it expires, also when Redis comes back empty',
  async judge(outage) {
    const line = await signedIn(outage)
    if (typeof line === 'string') return line
    const before = await outage.visit(line)
    if (!isOk(before)) return `before the outage, the access token ${saidOf(before)}`
    await outage.redis.restart({ empty: true })
    const visit = await until(
      () => outage.visit(line),
      (reply) => !isAway(reply),
      outage.backWithinMs,
    )
    return isOk(visit) ? undefined : `the access token ${saidOf(visit)}`
  },
}

const comesBack: Rule<Outage> = {
  rule: 'comes_back',
  holds: 'when Redis is back, people can sign in and refresh, without a restart of the application',
  async judge(outage) {
    await outage.redis.restart({ empty: true })
    const line = await signedIn(outage)
    if (typeof line === 'string') return line
    const reply = await back(outage, line)
    return isOk(reply) ? undefined : `the refresh of a new session ${saidOf(reply)}`
  },
}

export const restartRules: readonly Rule<Outage>[] = [
  ...[saysSo, keepsSessions, staysRevoked, tokensOutlive, comesBack],
]
