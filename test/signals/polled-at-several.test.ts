import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { redisStore } from '@sallyport/redis'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { ISSUER, type Managed, READER, SECRET, startManaged } from './managing.ts'
import { CAEP } from './transmitter.ts'

const SUBJECTS = 8
const EACH = 15
const TOTAL = SUBJECTS * EACH
const MOST_ROUNDS = 100
const REVOKED = `${CAEP}credential-change`

let redis: RedisServer
let teller: Managed
const started: ChildProcess[] = []
beforeAll(async () => {
  redis = await startRedis()
  teller = await startManaged({ store: redisStore({ url: redis.url }) })
})
afterAll(async () => {
  for (const one of started) one.kill('SIGKILL')
  await teller.close()
  await redis.stop()
})

interface Node {
  readonly url: string
  kill(): void
}

async function startNode(): Promise<Node> {
  const script = fileURLToPath(new URL('poll-node.mjs', import.meta.url))
  const child = spawn(process.execPath, [script, redis.url, SECRET, ISSUER, READER], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  started.push(child)
  const [line] = await once(child.stdout, 'data')
  return { url: String(line).trim(), kill: () => void child.kill('SIGKILL') }
}

test('of what one receiver polls at two processes, one of which is killed, nothing is lost, in the order of each user', async () => {
  const key = await teller.keyOf(READER, 'ssf.manage')
  const { body } = await teller.ask('POST', '/ssf/stream', {})
  const nodes = await Promise.all([startNode(), startNode()])
  for (let number = 0; number < EACH; number++)
    await Promise.all(
      Array.from({ length: SUBJECTS }, (_, user) =>
        teller.signals.credentialChange(`user ${user}`, {
          ...{ credentialType: 'pin', changeType: 'update', reason: String(number) },
        }),
      ),
    )

  type Sets = Readonly<Record<string, string>>
  async function poll(at: Node | undefined, ack: readonly string[]): Promise<Sets | undefined> {
    const answer = await fetch(`${at?.url}/auth/ssf/poll/${body.stream_id}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ maxEvents: 7, returnImmediately: true, ack }),
    }).catch(() => undefined)
    return answer?.status === 200 ? ((await answer.json()) as { sets: Sets }).sets : undefined
  }

  /** By user, the numbers in the order in which they came first. */
  const came = new Map<string, string[]>()
  const seen = new Set<string>()
  function take(sets: Sets): void {
    for (const [jti, jwt] of Object.entries(sets)) {
      if (seen.has(jti)) continue
      seen.add(jti)
      const { sub_id: about, events } = decodeJwt<{
        sub_id: { sub: string }
        events: Record<string, { reason_admin: { en: string } }>
      }>(jwt)
      came.set(about.sub, [...(came.get(about.sub) ?? []), String(events[REVOKED]?.reason_admin.en)])
    }
  }

  // What one gave is acknowledged at the other.
  let unacknowledged: readonly [readonly string[], readonly string[]] = [[], []]
  let alive: readonly (Node | undefined)[] = nodes
  for (let round = 0; seen.size < TOTAL && round < MOST_ROUNDS; round++) {
    const [fromFirst, fromSecond] = unacknowledged
    const asked = Promise.all([poll(alive[0], fromSecond), poll(alive[1], fromFirst)])
    if (round === 5) {
      // Its answer may be lost, and what it was told too.
      nodes[0].kill()
      alive = [nodes[1], nodes[1]]
    }
    const given = await asked
    for (const sets of given) if (sets !== undefined) take(sets)
    unacknowledged = [Object.keys(given[0] ?? {}), Object.keys(given[1] ?? {})]
  }

  expect(seen.size).toBe(TOTAL)
  const inOrder = Array.from({ length: EACH }, (_, number) => String(number))
  expect(came.size).toBe(SUBJECTS)
  for (const [user, numbers] of came) expect([user, numbers]).toEqual([user, inOrder])
  await poll(nodes[1], unacknowledged.flat())
  for (let left = 1, round = 0; left > 0 && round < MOST_ROUNDS; round++) {
    const sets = (await poll(nodes[1], [])) ?? {}
    take(sets)
    left = Object.keys(sets).length
    await poll(nodes[1], Object.keys(sets))
  }
  expect(seen.size).toBe(TOTAL)
})
