import { setTimeout as sleep } from 'node:timers/promises'
import { accessOf, bodyOf, type Call, claimsOf, cookieOf, PASSWORD, type Reply } from '../faults/client.ts'
import type { Fact } from '../faults/history.ts'
import { nameOf } from '../faults/recorder.ts'
import { type Node, REFUSED_WITHIN_MS, until } from '../faults/system.ts'
import type { Balanced, Balancer } from './balancer.ts'

/** A session as its user holds it. */
export interface Held {
  readonly id: string
  readonly user: string
  access: string
  cookie: string
}

/** What users do by way of a balancer. Each step throws if the answer is not the one that a user expects. */
export interface Users {
  /** How often each status was answered. */
  readonly statuses: ReadonlyMap<number, number>
  /** Every answer that blames the server, by the node that gave it. A 503 is repeated, as it asks for. */
  readonly unavailable: readonly string[]
  signIn(user: string, key?: string): Promise<Held>
  /** Shows the access token. */
  verify(held: Held, place?: number): Promise<void>
  /** Exchanges the cookie, and takes what comes for its own. Resolves to the cookie. */
  refresh(held: Held, key?: string, place?: number): Promise<string>
  /** The same for a session that may be about to end: if it has, nothing changes. */
  refreshIfLive(held: Held): Promise<void>
  /** Presents a cookie that was exchanged already. Resolves to its successor. */
  repeat(held: Held, cookie: string, key?: string, place?: number): Promise<string>
  /** Sends anything else with the access token. */
  send(held: Held, status: number, method: string, path: string, call?: Call): Promise<Balanced>
  /** Presents a cookie that was replaced twice. */
  steal(held: Held, cookie: string): Promise<void>
  signOut(held: Held): Promise<void>
  /** Signs out everywhere; these are all sessions of the user. */
  signOutEverywhere(all: readonly [Held, ...Held[]]): Promise<void>
  /** Notes that sessions were ended by an answer. */
  ended(some: readonly Held[], by: Balanced): void
  /** Asks every node until none accepts the access token any more, and then for each to refuse the cookie. */
  expectRefused(held: Held): Promise<void>
}

const MOST_REPEATS = 5
/** Asks this much longer than a node may accept what was ended: the judge sees how much later it was refused. */
const ASKED_FOR_MS = 3 * REFUSED_WITHIN_MS

export function createUsers(balancer: Balancer, nodes: readonly Node[], note: (fact: Fact) => void): Users {
  const statuses = new Map<number, number>()
  const unavailable: string[] = []

  function count({ node, reply: { status } }: Balanced): void {
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
    if (status >= 500) unavailable.push(`${status} by ${nameOf(node)}`)
  }

  async function ask(
    what: string,
    expected: number | readonly number[],
    send: (node: Node) => Promise<Reply>,
    place?: number,
  ): Promise<Balanced> {
    let answer = await balancer.ask(send, place)
    count(answer)
    // The judge sees it. Here it must not hide what else happens.
    for (let repeated = 0; answer.reply.status === 503 && repeated < MOST_REPEATS; repeated++) {
      await sleep(1000 * Number(answer.reply.headers['retry-after'] ?? 1))
      answer = await balancer.ask(send, place)
      count(answer)
    }
    const { status, text } = answer.reply
    if (![expected].flat().includes(status))
      throw new Error(`${what} at ${nameOf(answer.node)}: ${status} ${text.slice(0, 200)}`)
    return answer
  }
  const keyed = (key: string | undefined): Readonly<Record<string, string>> =>
    key === undefined ? {} : { 'Idempotency-Key': key }

  function judged(session: string, node: Node, { sentAt, answeredAt: at, status }: Reply): void {
    note({ what: 'judged', session, node: nameOf(node), sentAt, at, status })
  }

  async function exchange(cookie: string, session: string, key?: string, place?: number): Promise<Balanced> {
    const send = ({ call }: Node) => call('POST', '/auth/refresh', { cookie, headers: keyed(key) })
    const answer = await ask('a refresh', 200, send, place)
    const { sentAt, answeredAt: at, status } = answer.reply
    const returned = cookieOf(answer.reply)
    note({
      ...{ what: 'refreshed', session, node: nameOf(answer.node), presented: cookie, returned },
      ...{ sentAt, at, status },
    })
    return answer
  }

  function ended(some: readonly Held[], { node, reply }: Balanced): void {
    for (const { id } of some)
      note({ what: 'revoked', session: id, node: nameOf(node), at: reply.answeredAt })
  }

  return {
    statuses,
    unavailable,
    ended,
    async signIn(user, key) {
      const { reply } = await ask('a sign-in', 200, (node) => node.login(user, keyed(key)))
      const access = accessOf(reply)
      return { id: claimsOf(access).sid, user, access, cookie: cookieOf(reply) }
    },
    async verify(held, place) {
      const { node, reply } = await ask('a request', 200, (one) => one.me(held.access), place)
      judged(held.id, node, reply)
    },
    async refresh(held, key, place) {
      const { reply } = await exchange(held.cookie, held.id, key, place)
      held.access = accessOf(reply)
      held.cookie = cookieOf(reply)
      return held.cookie
    },
    async refreshIfLive(held) {
      const { cookie } = held
      const { reply } = await ask('a refresh', [200, 401], (node) => node.refresh(cookie))
      if (reply.status === 401) return
      held.access = accessOf(reply)
      held.cookie = cookieOf(reply)
    },
    async repeat({ id }, cookie, key, place) {
      const { reply } = await exchange(cookie, id, key, place)
      return cookieOf(reply)
    },
    send(held, status, method, path, call = {}) {
      const request = { access: held.access, ...call }
      return ask(`${method} ${path}`, status, (node) => node.call(method, path, request))
    },
    async steal(held, cookie) {
      const answer = await ask('a stolen token', 401, (node) => node.refresh(cookie))
      if (bodyOf(answer.reply).error !== 'invalid_grant') throw new Error(`theft: ${answer.reply.text}`)
      ended([held], answer)
    },
    async signOut(held) {
      ended([held], await ask('a log-out', 204, (node) => node.logout({ cookie: held.cookie })))
    },
    async signOutEverywhere(all) {
      const { access } = all[0]
      ended(
        all,
        await ask('a log-out everywhere', 204, (node) => node.call('POST', '/auth/logout-all', { access })),
      )
    },
    async expectRefused(held) {
      const askOne = async (node: Node): Promise<void> => {
        await until(
          async () => {
            const reply = await node.me(held.access).catch(() => undefined)
            if (reply !== undefined) judged(held.id, node, reply)
            return reply?.status
          },
          // Whoever ends meanwhile accepts nothing.
          (status) => status === 401 || status === undefined,
          ASKED_FOR_MS,
        )
      }
      await Promise.all(nodes.map(askOne))
      for (const place of nodes.keys())
        await ask('a refresh after the end', 401, (node) => node.refresh(held.cookie), place)
    },
  }
}

/** What the demo asks for as a second factor. */
export const FACTOR: Call = { json: { password: PASSWORD } }
