import type { Reply } from '../app/ask.ts'
import { uniqueName } from '../system.ts'
import { until } from '../waiting.ts'
import type { Rule } from './broken-rule.ts'
import { type Line, type Stage, saidOf, tallied } from './stage.ts'

export interface Storm extends Stage {
  /** How many requests are sent at once. */
  readonly parallel: number
  /** Whether a used cookie converges for a while. */
  readonly hasGrace: boolean
  /** Lets the grace pass, if there is a clock to turn. */
  later(): void
}

/** A revocation reaches every process within a second. */
const REVOKED_WITHIN_MS = 1000

const key = (): { 'idempotency-key': string } => ({ 'idempotency-key': uniqueName() })
const isOk = ({ status }: Reply): boolean => status === 200

function atOnce<T>({ parallel }: Storm, send: () => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: parallel }, send))
}

/** A refresh that nothing stands in the way of. */
async function refreshed(storm: Storm, line: Line, extra = {}): Promise<Line | string> {
  const reply = await storm.refresh(line, extra)
  return isOk(reply) ? storm.after(line, reply) : `a refresh of a live session ${saidOf(reply)}`
}

/** What of a client still works after its session should have ended; `undefined` if nothing does. */
async function stillAlive(storm: Storm, line: Line): Promise<string | undefined> {
  const refresh = await storm.refresh(line)
  if (refresh.status !== 401) return `the newest cookie of the session ${saidOf(refresh)}`
  const visit = await until(
    () => storm.visit(line),
    ({ status }) => status === 401,
    REVOKED_WITHIN_MS,
  )
  return visit.status === 401 ? undefined : `an access token of the session ${saidOf(visit)} a second later`
}

/** What of a client no longer works although its session lives; `undefined` if everything does. */
async function noLongerAlive(storm: Storm, line: Line): Promise<string | undefined> {
  const visit = await storm.visit(line)
  if (!isOk(visit)) return `an access token of the session ${saidOf(visit)}`
  const next = await refreshed(storm, line)
  return typeof next === 'string' ? next : undefined
}

const oneLine: Rule<Storm> = {
  rule: 'one_line',
  holds:
    'refreshes that present the same cookie at once converge, and any cookie and token that they return works next; ' +
    'without grace, exactly one succeeds, and the session ends',
  async judge(storm) {
    const line = await storm.signIn()
    const replies = await atOnce(storm, () => storm.refresh(line))
    const good = replies.filter(isOk)
    const lines = good.map((reply) => storm.after(line, reply))
    const seen = `of ${replies.length} refreshes at once, ${tallied(replies)}`
    const [first] = lines
    if (first === undefined) return seen
    if (!storm.hasGrace) return good.length === 1 ? stillAlive(storm, first) : seen
    if (good.length < replies.length) return seen
    for (const one of lines) {
      const visit = await storm.visit(one)
      if (!isOk(visit)) return `an access token that one of them returned ${saidOf(visit)}`
    }
    const cookies = new Map(lines.map((one) => [JSON.stringify(one.cookies), one]))
    for (const one of cookies.values()) {
      const next = await refreshed(storm, one)
      if (typeof next === 'string') return `with a cookie that one of them returned, ${next}`
    }
    return undefined
  },
}

const sharedKey: Rule<Storm> = {
  rule: 'shared_key',
  holds: 'refreshes at once with the same Idempotency-Key all succeed, and nobody is signed out',
  async judge(storm) {
    const line = await storm.signIn()
    const shared = key()
    const replies = await atOnce(storm, () => storm.refresh(line, shared))
    if (!replies.every(isOk)) return `of ${replies.length} refreshes at once, ${tallied(replies)}`
    const [first = line] = replies.map((reply) => storm.after(line, reply))
    return noLongerAlive(storm, first)
  },
}

const lostAnswer: Rule<Storm> = {
  rule: 'lost_answer',
  holds: 'a refresh whose answer was lost succeeds again with its Idempotency-Key, however late',
  async judge(storm) {
    const line = await storm.signIn()
    const own = key()
    const lost = await storm.refresh(line, own)
    if (!isOk(lost)) return `the first refresh ${saidOf(lost)}`
    storm.later()
    const repeated = await refreshed(storm, line, own)
    if (typeof repeated === 'string') return `when it was repeated, ${repeated}`
    return noLongerAlive(storm, repeated)
  },
}

const otherKey: Rule<Storm> = {
  rule: 'other_key',
  holds:
    'in a session with keys, a used cookie with another key is theft: it is answered 401, and the session ends',
  async judge(storm) {
    const line = await storm.signIn()
    const next = await refreshed(storm, line, key())
    if (typeof next === 'string') return next
    const stolen = await storm.refresh(line, key())
    if (stolen.status !== 401) return `the used cookie ${saidOf(stolen)}`
    return stillAlive(storm, next)
  },
}

const oldCookie: Rule<Storm> = {
  rule: 'old_cookie',
  holds: 'a cookie from before the last refresh but one is theft: it is answered 401, and the session ends',
  async judge(storm) {
    const line = await storm.signIn()
    const next = await refreshed(storm, line)
    if (typeof next === 'string') return next
    const newest = await refreshed(storm, next)
    if (typeof newest === 'string') return newest
    const stolen = await storm.refresh(line)
    if (stolen.status !== 401) return `the old cookie ${saidOf(stolen)}`
    return stillAlive(storm, newest)
  },
}

const logoutWins: Rule<Storm> = {
  rule: 'logout_wins',
  holds: 'after a logout, no cookie and no token of the session works, also if refreshes race with it',
  async judge(storm) {
    const line = await storm.signIn()
    const shared = key()
    const refreshes = atOnce(storm, () => storm.refresh(line, shared))
    const logout = await storm.logout(line)
    if (logout.status < 200 || logout.status > 299) return `the logout ${saidOf(logout)}`
    for (const reply of (await refreshes).filter(isOk)) {
      const alive = await stillAlive(storm, storm.after(line, reply))
      if (alive !== undefined) return alive
    }
    return stillAlive(storm, line)
  },
}

const forgedCookie: Rule<Storm> = {
  rule: 'forged_cookie',
  holds: 'a cookie that was never issued is answered 401, and ends no session',
  async judge(storm) {
    const line = await storm.signIn()
    const forged = Object.entries(line.cookies).map(([name, value]) => {
      const at = value.length - 8
      return [name, value.slice(0, at) + (value[at] === 'A' ? 'B' : 'A') + value.slice(at + 1)] as const
    })
    const reply = await storm.refresh({ ...line, cookies: Object.fromEntries(forged) })
    if (reply.status !== 401) return `the forged cookie ${saidOf(reply)}`
    return noLongerAlive(storm, line)
  },
}

const crossSite: Rule<Storm> = {
  rule: 'cross_site',
  holds: 'a refresh from another site is answered 403, and changes nothing',
  async judge(storm) {
    const line = await storm.signIn()
    const elsewhere = { 'sec-fetch-site': 'cross-site', origin: 'https://elsewhere.sallyport.test' }
    const reply = await storm.refresh(line, elsewhere)
    if (reply.status !== 403) return `the refresh from another site ${saidOf(reply)}`
    return noLongerAlive(storm, line)
  },
}

const ownAnswers: Rule<Storm> = {
  rule: 'own_answers',
  holds: 'the answer to each refresh is for the user who asked',
  async judge(storm) {
    const lines = await atOnce(storm, storm.signIn)
    const before = await Promise.all(lines.map(storm.visit))
    if (!before.every(isOk)) return `of visits to the protected path, ${tallied(before)}`
    if (new Set(before.map(({ body }) => body)).size < lines.length)
      throw new TypeError('"protectedPath" must answer each user with another body, such as with the subject')
    const replies = await Promise.all(lines.map((line) => storm.refresh(line)))
    if (!replies.every(isOk)) return `of refreshes by different users, ${tallied(replies)}`
    const next = lines.map((line, index) => storm.after(line, replies[index] ?? (before[0] as Reply)))
    const after = await Promise.all(next.map(storm.visit))
    const wrong = after.filter(({ body }, index) => body !== before[index]?.body).length
    return wrong === 0
      ? undefined
      : `${wrong} of ${after.length} users got another answer than before their refresh`
  },
}

export const refreshRules: readonly Rule<Storm>[] = [
  ...[oneLine, sharedKey, lostAnswer, otherKey, oldCookie],
  ...[logoutWins, forgedCookie, crossSite, ownAnswers],
]
