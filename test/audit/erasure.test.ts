import { mkdtemp, readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toFile, verifyTrail } from '@sallyport/audit'
import { createSallyport, type SallyportEvent } from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import { tagOf } from '@sallyport/core/store'
import { redisStore } from '@sallyport/redis'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { readAll } from '../faults/redis-content.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { redisClient } from '../support/redis-client.ts'
import { textIn } from '../support/text-in.ts'
import { viewOf } from '../unit/view.ts'
import { key } from './trail.ts'

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0'
const FORGOTTEN = 'canary-subject-83b1e7'
const OTHER = 'somebody-else'
const ADDRESS = '192.0.2.77'

let redis: RedisServer
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())

async function dump(): Promise<{ readonly names: readonly string[]; readonly bytes: string }> {
  const client = redisClient(redis)
  const entries = await readAll(client)
  client.disconnect()
  return {
    names: entries.map(({ key: name }) => name),
    bytes: entries.flatMap(({ parts }) => parts.map((part) => part.toString('latin1'))).join('\n'),
  }
}

test('who is forgotten is nowhere: not in the store, not in the trail, which is still whole', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-erasure-'))
  const path = join(folder, 'audit.jsonl')
  const told: SallyportEvent[] = []
  const sallyport = await createSallyport({
    secret: 'a secret of the test, with its 32 bytes',
    store: redisStore({ url: redis.url }),
    activity: {},
    anomalies: {},
    audit: { sink: toFile({ path, key, rotate: false }) },
  })
  sallyport.on('event', (event) => told.push(event))
  const gate = gateOf(sallyport)
  const [refresh] = gate.routes(['refresh'])
  const headers = { 'user-agent': FIREFOX }

  async function live(subject: string): Promise<string> {
    await gate.lockout.guard(viewOf({ ip: ADDRESS, headers }), subject, () => undefined, { subject })
    const { cookies } = await gate.signIn(viewOf({ ip: ADDRESS, headers }), { subject })
    const cookie = cookies.map((one) => one.split(';', 1)[0]).join('; ')
    const answer = await refresh?.handle(viewOf({ ip: ADDRESS, headers: { ...headers, cookie } }))
    const { access_token: token } = JSON.parse(textIn(answer?.body)) as { access_token: string }
    const authorization = `Bearer ${token}`
    await gate.verifier()(viewOf({ method: 'GET', ip: ADDRESS, headers: { ...headers, authorization } }))
    return token
  }
  const token = await live(FORGOTTEN)
  await live(OTHER)
  // The trail writes a little later, and makes it then.
  const pseudonym = await vi.waitFor(async () => {
    const made = await sallyport.audit.pseudonymOf(FORGOTTEN)
    if (made === undefined) throw new RangeError('there is no pseudonym yet')
    return made
  })
  const [, id = ''] = pseudonym.split('.')
  const before = await dump()
  expect(before.names.filter((name) => name.includes(id))).toHaveLength(1)
  for (const trace of [FORGOTTEN, id]) expect(before.bytes).toContain(trace)

  await sallyport.forgetUser(FORGOTTEN)
  // What the user still sends is refused, and leaves nothing.
  const late = viewOf({ method: 'GET', headers: { authorization: `Bearer ${token}` } })
  expect(await gate.verifier()(late)).toMatchObject({ kind: 'refuse' })
  await sallyport.close()

  const after = await dump()
  for (const trace of [FORGOTTEN, id, pseudonym]) expect(after.bytes).not.toContain(trace)
  // Half an hour long the revocations stay, which hold a hash: else its tokens would be good again.
  const tag = tagOf(FORGOTTEN)
  const named = after.names.filter((name) => name.includes(tag))
  expect(named.map((name) => name.replace(/^.*\}:/, ''))).toEqual([`u:${tag}`])
  const client = redisClient(redis)
  for (const name of named) {
    expect(await client.hkeys(name)).toEqual(expect.arrayContaining(['n']))
    expect((await client.hkeys(name)).filter((field) => !['n', 'f'].includes(field))).toEqual([])
    expect(await client.pttl(name)).toBeLessThanOrEqual(1_860_000)
  }
  client.disconnect()

  const trail = await readFile(path, 'utf8')
  const files = (
    await Promise.all((await readdir(folder)).map((one) => readFile(join(folder, one), 'utf8')))
  ).join()
  const ofForgotten = told.filter(({ sub }) => sub === FORGOTTEN)
  expect(ofForgotten.map(({ event }) => event)).toEqual(
    expect.arrayContaining(['login.failed', 'session.started', 'session.refreshed', 'session.ended']),
  )
  for (const { sub = '', sid = sub } of ofForgotten) {
    expect(files).not.toContain(sub)
    expect(files).not.toContain(sid)
  }
  expect(files).not.toContain(tag)
  expect(await verifyTrail({ path, key })).toMatchObject({ kind: 'whole', records: told.length + 1 })

  const again = await createSallyport({
    secret: 'a secret of the test, with its 32 bytes',
    store: redisStore({ url: redis.url }),
    audit: { sink: { name: 'none', async write() {} } },
  })
  const revealed = await Promise.all(
    trail
      .trimEnd()
      .split('\n')
      .map((line) => again.audit.reveal(JSON.parse(line) as SallyportEvent)),
  )
  await again.close()
  const subjects = revealed.flatMap((event) => event?.sub ?? [])
  expect(new Set(subjects)).toEqual(new Set([OTHER]))
})
