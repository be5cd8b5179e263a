import { afterEach, expect, test } from 'vitest'
import { command } from '../commands.ts'
import { type Clinic, openClinic, SECRET } from './clinic.ts'

let clinic: Clinic
afterEach(() => clinic.close())

test.each([
  { id: 'redis-evicts', args: ['--maxmemory', '64mb', '--maxmemory-policy', 'allkeys-lru'] },
  { id: 'redis-not-persistent', args: ['--appendonly', 'no'] },
  { id: 'redis-rights', args: ['--requirepass', 'hunter2'] },
])('$id', async ({ id, args }) => {
  clinic = await openClinic([...args])
  expect(await clinic.ids()).toEqual([id])
})

test('the address of the environment: no TLS, no password', async () => {
  clinic = await openClinic()
  const env = {
    ...{ ISSUER: 'https://auth.example.com', AUDIENCE: 'https://api.example.com', SALLYPORT_SECRET: SECRET },
    REDIS_URL: 'redis://redis.invalid:6379',
  }
  const root = new URL('../../..', import.meta.url).pathname
  const { stdout } = await command(['doctor', '--json'], { env, cwd: root })
  const found = JSON.parse(stdout).findings.map(({ id }: { readonly id: string }) => id)
  expect(found).toEqual(['store-not-ready', 'redis-plaintext', 'redis-open', 'audit-missing'])
})
