import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { decodeProtectedHeader } from 'jose'
import { afterEach, describe, expect, test } from 'vitest'
import { bodyOf } from '../faults/client.ts'
import { breachesOf, type Fact } from '../faults/history.ts'
import { repeat } from '../faults/recorder.ts'
import {
  finalStatus,
  type Node,
  type Nodes,
  REFUSED_WITHIN_MS,
  startSystem,
  until,
  upTo,
} from '../faults/system.ts'
import { startPostgresSystem } from '../postgres/system.ts'
import { createBalancer } from './balancer.ts'
import { checkoutOf, FRAMEWORKS, startFleet, type Version } from './fleet.ts'
import { crowd, lives } from './lives.ts'
import { createUsers, type Held } from './users.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const PLACES = upTo(FRAMEWORKS.length)
/** Of each kind: those that are in use all the time, and those that rest until a new state of the fleet. */
const KEPT_SESSIONS = 9
/** For a new key to reach every node. */
const SPREAD_MS = 70_000
/** On the busiest machine. */
const LIVED_WITHIN_MS = 120_000
const [ALIVE_FROM, BUSY_FROM, CROWDS_FROM] = [100, 1000, 90_000]

interface Deployment {
  readonly system: Nodes
  /** Of the store. */
  readonly url: string
}

const stores: Readonly<Record<'Redis' | 'PostgreSQL', () => Promise<Deployment>>> = {
  async Redis() {
    const system = await startSystem()
    return { system, url: system.redis.url }
  },
  async PostgreSQL() {
    const system = await startPostgresSystem()
    return { system, url: system.url }
  },
}

let running: Nodes | undefined
afterEach(async () => {
  const ends = await running?.stop()
  running = undefined
  expect(ends?.errors).toEqual([])
  expect(new Set(ends?.exitCodes)).toEqual(new Set([0]))
})

/** By the packages of one version. */
async function onKeys(
  { system, url }: Deployment,
  version: Version,
  call: 'rotate' | 'compromise',
  kid = '',
): Promise<void> {
  const env = {
    ...{ PATH: process.env.PATH, SECRET: system.secret, KEY_PREFIX: system.keyPrefix },
    ...{ STORE_URL: url, CALL: call, KID: kid, CHECKOUT: checkoutOf(version) || root },
  }
  await promisify(execFile)(process.execPath, ['test/upgrade/keys-node.mjs'], { cwd: root, env })
}

async function publishedBy(node: Node): Promise<string> {
  const { keys } = bodyOf(await node.call('GET', '/.well-known/jwks.json')) as { keys: { kid: string }[] }
  return keys
    .map(({ kid }) => kid)
    .sort()
    .join()
}

/** Every node publishes the same keys, as many as these. */
async function expectPublished(nodes: readonly Node[], count: number): Promise<void> {
  const lists = await until(
    () => Promise.all(nodes.map(publishedBy)),
    (all) => new Set(all).size === 1 && all[0]?.split(',').length === count,
    SPREAD_MS,
    250,
  )
  expect(new Set(lists).size).toBe(1)
  expect(lists[0]?.split(',')).toHaveLength(count)
}

describe.each(Object.keys(stores) as (keyof typeof stores)[])('on %s', (store) => {
  test('three nodes are upgraded one by one under load, set back, and upgraded again', async () => {
    const deployment = await stores[store]()
    const { system } = deployment
    running = system
    const history: Fact[] = []
    const note = (fact: Fact): void => void history.push(fact)
    const fleet = await startFleet(system, ['old', 'old', 'old'], note)
    const balancer = createBalancer(fleet.nodes)
    const users = createUsers(balancer, fleet.nodes, note)

    const faults: string[] = []
    const lived = new Map<string, number>()
    async function live(name: string, work: () => Promise<unknown>): Promise<void> {
      try {
        await work()
        lived.set(name, (lived.get(name) ?? 0) + 1)
      } catch (cause) {
        faults.push(`somebody who ${name}: ${cause instanceof Error ? cause.message : cause}`)
      }
    }
    const kinds = Object.entries(lives)
    let ended = 0
    async function liveOne(index: number): Promise<void> {
      const [name, life] = kinds[index % kinds.length] ?? []
      if (name !== undefined && life !== undefined)
        await live(name, () => life(users, `user${BUSY_FROM + index}`))
      ended++
    }

    const [awake, asleep]: [Held[], Held[]] = [[], []]
    for (const at of upTo(KEPT_SESSIONS))
      for (const some of [awake, asleep]) some.push(await users.signIn(`user${ALIVE_FROM + at}`))
    const load = repeat(2, 10, liveOne)
    const daily = repeat(1, 20, (index) =>
      live('stays signed in', async () => {
        const at = index % awake.length
        const held = awake[at]
        if (held === undefined) return
        await users.refresh(held, at % 2 === 0 ? undefined : randomUUID())
        for (const place of PLACES) await users.verify(held, place)
      }),
    )
    /** A life of each kind has begun and ended. */
    async function everyKind(): Promise<void> {
      const before = ended
      const isOver = (count: number): boolean => count > before + kinds.length
      await until(async () => ended, isOver, LIVED_WITHIN_MS, 50)
      if (!isOver(ended)) throw new Error('the load stands still')
    }

    try {
      for (const [turn, version] of (['new', 'old', 'new'] as const).entries())
        for (const place of PLACES) {
          await fleet.replace(place, version)
          const woken = asleep[turn * PLACES.length + place]
          if (woken !== undefined) await live('comes back', () => users.refresh(woken))
          await everyKind()
          if (place !== 0) continue
          await live('has very many sessions', () => crowd(users, `user${CROWDS_FROM + turn}`))
          if (turn > 0) await live('rotates the keys', () => onKeys(deployment, version, 'rotate'))
        }
    } finally {
      await Promise.all([load.stop(), daily.stop()])
    }
    for (const held of [...awake, ...asleep])
      await live('is still signed in at the end', async () => {
        for (const place of PLACES) await users.refresh(held, randomUUID(), place)
        await users.verify(held)
      })

    console.log(
      `${store}:`,
      Object.fromEntries(lived),
      Object.fromEntries(users.statuses),
      balancer.turnedAway,
    )
    expect.soft(faults).toEqual([])
    const bounds = {
      refusedWithinMs: REFUSED_WITHIN_MS,
      maxStalenessMs: Number.POSITIVE_INFINITY,
      slackMs: 0,
    }
    expect.soft(breachesOf(history, bounds)).toEqual([])
    expect.soft(users.unavailable).toEqual([])
    const thefts = system.audit().filter(({ event }) => event === 'refresh.reused')
    expect.soft(thefts).toHaveLength(lived.get('is robbed') ?? 0)
    await expectPublished(fleet.nodes, 2)
  })

  test.each(['old', 'new'] as const)(
    'a key that an %s node takes out of use is refused by all, and the next one is known to all',
    async (version) => {
      const deployment = await stores[store]()
      running = deployment.system
      const other = version === 'old' ? 'new' : 'old'
      const { nodes } = await startFleet(deployment.system, [version, other, version], () => {})
      const users = createUsers(createBalancer(nodes), nodes, () => {})
      const all = await Promise.all(upTo(KEPT_SESSIONS).map((at) => users.signIn(`user${at}`)))
      const [first] = all
      const kid = decodeProtectedHeader(first?.access ?? '').kid
      await onKeys(deployment, version, 'compromise', kid)
      for (const node of nodes)
        for (const { access } of all) expect(await finalStatus(node, access)).toBe(401)
      for (const held of all)
        for (const place of PLACES) {
          await users.refresh(held, undefined, place)
          for (const one of PLACES) await users.verify(held, one)
        }
    },
  )
})
