import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { accessOf, type Call, type Client, claimsOf, cookieOf, type Reply } from './client.ts'
import type { Fact } from './history.ts'
import { type Node, until } from './system.ts'

/** A session as its user holds it. */
export interface Session {
  readonly id: string
  readonly user: string
  readonly access: string
  /** The latest refresh cookie; moves with each refresh that the recorder makes of it. */
  cookie: string
}

/** Asks nodes and writes down what they answered. A request without an answer counts as status 0. */
export interface Recorder {
  readonly history: readonly Fact[]
  /** How often each status was answered, whatever was asked. */
  readonly statuses: ReadonlyMap<number, number>
  note(fact: Fact): void
  /** Signs in; nothing where the answer is no 200. */
  signIn(node: Node, user: string): Promise<Session | undefined>
  me(node: Node, session: Session): Promise<number>
  /** Presents a cookie, the session's latest if none is given, which then takes the returned one for its own. */
  refresh(
    node: Node,
    session: Session,
    cookie?: string,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Reply | undefined>
  /** Ends the session by its cookie; 204 is written down as acknowledged, all else as doubted. */
  logout(node: Node, session: Session): Promise<number>
  /** Anything else; nothing where no answer came. */
  ask(node: Node, method: string, path: string, call?: Call): Promise<Reply | undefined>
  /** Takes all facts about these sessions out of the history. */
  take(sessions: ReadonlySet<string>): readonly Fact[]
}

/** One answer to a recorder; no reply where none came. */
export interface Answer {
  readonly node: Node
  readonly askedAt: number
  readonly reply: Reply | undefined
}

/** Longer than anything may take; then the request has no answer. */
const GIVEN_UP_AFTER_MS = 10_000

/** @param onAnswer is told of every answer, whatever was asked */
export function createRecorder(onAnswer: (answer: Answer) => void = () => {}): Recorder {
  let history: Fact[] = []
  const statuses = new Map<number, number>()

  async function answered(node: Node, send: Promise<Reply>): Promise<Reply | undefined> {
    const askedAt = performance.now()
    const late = sleep(GIVEN_UP_AFTER_MS, undefined, { ref: false })
    const reply = await Promise.race([send.catch(() => undefined), late])
    const status = reply?.status ?? 0
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
    onAnswer({ node, askedAt, reply })
    return reply
  }

  const recorder: Recorder = {
    get history() {
      return history
    },
    statuses,
    note: (fact) => void history.push(fact),
    async signIn(node, user) {
      const reply = await answered(node, node.login(user))
      if (reply?.status !== 200) return undefined
      const access = accessOf(reply)
      return { id: claimsOf(access).sid, user, access, cookie: cookieOf(reply) }
    },
    async me(node, session) {
      const asked = performance.now()
      const reply = await answered(node, node.me(session.access))
      const status = reply?.status ?? 0
      const [sentAt, at] = [reply?.sentAt ?? asked, reply?.answeredAt ?? performance.now()]
      history.push({ what: 'judged', session: session.id, node: nameOf(node), sentAt, at, status })
      return status
    },
    async refresh(node, session, cookie = session.cookie, headers = {}) {
      const asked = performance.now()
      const reply = await answered(node, node.refresh(cookie, headers))
      const returned = reply?.status === 200 ? reply.cookie : undefined
      if (returned && cookie === session.cookie) session.cookie = returned
      history.push({
        what: 'refreshed',
        session: session.id,
        node: nameOf(node),
        presented: cookie,
        returned,
        sentAt: reply?.sentAt ?? asked,
        at: reply?.answeredAt ?? performance.now(),
        status: reply?.status ?? 0,
      })
      return reply
    },
    async logout(node, session) {
      const reply = await answered(node, node.logout({ cookie: session.cookie }))
      if (reply?.status === 204)
        history.push({ what: 'revoked', session: session.id, node: nameOf(node), at: reply.answeredAt })
      else history.push({ what: 'doubted', session: session.id })
      return reply?.status ?? 0
    },
    ask: (node, method, path, call = {}) => answered(node, node.call(method, path, call)),
    take(sessions) {
      const isTaken = (fact: Fact): boolean => 'session' in fact && sessions.has(fact.session)
      const taken = history.filter(isTaken)
      history = history.filter((fact) => !isTaken(fact))
      return taken
    },
  }
  return recorder
}

/** What a node is called in a history. */
export function nameOf(node: Node): string {
  return `${node.framework} ${node.process.pid}`
}

/** Waits until a node says that it is ready, and gives the moment of the answer. */
export async function readyAt(node: Client, withinMs: number): Promise<number> {
  const ask = (): Promise<Reply | undefined> => node.call('GET', '/readyz').catch(() => undefined)
  const reply = await until(ask, (one) => one?.status === 200, withinMs)
  if (reply?.status !== 200)
    throw new Error(`a node is not ready after ${withinMs} ms: ${reply?.status} ${reply?.text}`)
  return reply.answeredAt
}

/** Does something again and again, a few at a time, until it is told to stop; a fault ends it. */
export function repeat(
  atOnce: number,
  pauseMs: number,
  work: (index: number) => Promise<unknown>,
): { stop(): Promise<number> } {
  let going = true
  let count = 0
  const loops = Array.from({ length: atOnce }, async () => {
    while (going) {
      await work(count++)
      await sleep(pauseMs)
    }
  })
  const all = Promise.all(loops)
  all.catch(() => {}) // is told by stop
  return {
    async stop() {
      going = false
      await all
      return count
    },
  }
}

/** Resident memory of a process, in MiB. */
export function residentMiB(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Math.round(Number(kilobytes) / 1024)
}
