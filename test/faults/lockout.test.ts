import { afterEach, expect, test } from 'vitest'
import { PASSWORD, type Reply } from './client.ts'
import { TEST_TIMEOUT_MS } from './rounds.ts'
import { type Node, type Nodes, startAnySystem, until, upTo } from './system.ts'

const ATTEMPTS = 5
const GUESSES = 500
const LONG_SECONDS = 600
const frameworks = ['express', 'koa', 'fastify'] as const

let system: Nodes
let nodes: Node[]

async function start(lockoutSeconds: number): Promise<void> {
  system = await startAnySystem({ LOCKOUT_DURATION: String(lockoutSeconds), LOCKOUT_WINDOW: '60' })
  nodes = await Promise.all(frameworks.map((framework) => system.start(framework)))
}
afterEach(async () => {
  const { exitCodes, errors } = await system.stop()
  expect(exitCodes.every((code) => code === 0)).toBe(true)
  expect(errors).toEqual([])
})

const nodeAt = (index: number): Node => nodes[index % nodes.length] as Node

function guess(index: number, username: string, password: string): Promise<Reply> {
  return nodeAt(index).call('POST', '/auth/login', {
    json: { username, password },
    headers: { 'X-Forwarded-For': `203.0.113.${index % 256}`, 'User-Agent': `agent ${index}` },
  })
}

const told = (event: string): number => system.audit().filter((one) => one.event === event).length

for (const name of ['alice', 'nobody-has-this-name'])
  test(
    `of ${GUESSES} guesses at ${name} at once over three nodes, ${ATTEMPTS} reach the password`,
    async () => {
      // Longer than all of them take on the busiest machine: who comes after a lock has ended may guess again.
      await start(LONG_SECONDS)
      const replies = await Promise.all(upTo(GUESSES).map((index) => guess(index, name, `guess ${index}`)))
      const statuses = replies.map(({ status }) => status)
      expect(statuses.filter((status) => status === 401)).toHaveLength(ATTEMPTS)
      expect(statuses.filter((status) => status === 429)).toHaveLength(GUESSES - ATTEMPTS)
      for (const { status, headers } of replies)
        if (status === 429) {
          const retryAfter = Number(headers['retry-after'])
          expect(retryAfter).toBeGreaterThan(0)
          expect(retryAfter).toBeLessThanOrEqual(LONG_SECONDS)
        }
      expect(told('account.locked')).toBe(1)
      expect(told('login.failed')).toBe(GUESSES)
      expect((await guess(0, 'bob', PASSWORD)).status).toBe(200)
    },
    TEST_TIMEOUT_MS,
  )

test(
  'a lock outlives the processes that set it, and ends by itself',
  async () => {
    await start(3)
    for (const index of upTo(ATTEMPTS)) expect((await guess(index, 'bob', 'wrong')).status).toBe(401)
    expect((await guess(1, 'bob', PASSWORD)).status).toBe(429)
    nodes.push(await system.start('koa'))
    expect((await guess(3, ' BOB', PASSWORD)).status).toBe(429)
    const reply = await until(
      () => guess(3, 'bob', PASSWORD),
      ({ status }) => status === 200,
      5000,
      50,
    )
    expect(reply.status).toBe(200)
  },
  TEST_TIMEOUT_MS,
)
