import { start } from '@sallyport/example-app'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { framework as express } from '../../../examples/express/src/framework.ts'
import { framework as fastify } from '../../../examples/fastify/src/framework.ts'
import { framework as koa } from '../../../examples/koa/src/framework.ts'
import { type Clinic, ISSUER, openClinic, SECRET } from './clinic.ts'

let clinic: Clinic
beforeAll(async () => {
  clinic = await openClinic()
})
afterAll(() => clinic.close())

const servers = {
  express: (env: NodeJS.ProcessEnv) => start(express, env),
  koa: (env: NodeJS.ProcessEnv) => start(koa, env),
  fastify: (env: NodeJS.ProcessEnv) => start(fastify, env),
}

/** Metrics are for an inner port, so in production they are off here. */
const environment = (): NodeJS.ProcessEnv => ({
  ...{ PORT: '0', ISSUER, AUDIENCE: 'https://api.example.com', METRICS: 'off', REDIS_URL: clinic.redisUrl },
  SECRET: Buffer.from(SECRET).toString('base64url'),
})

describe('on each framework, nothing is found in the answers, nor in the options of production', () => {
  test.each(['express', 'koa', 'fastify'] as const)('%s', async (name) => {
    const running = await servers[name](environment())
    try {
      const args = ['--url', running.url, '--protected', '/api/me']
      // They keep their keys where the server does.
      const options = `store: redisStore({ url: '${clinic.redisUrl}', keyPrefix: 'sp' })`
      expect(await clinic.ids(options, args)).toEqual([])
    } finally {
      await running.close()
    }
  })
})

test('the examples as they start for a demo have known weaknesses, and no other', async () => {
  const options = `secret: new TextEncoder().encode('${SECRET}'),
  limits: { refreshes: { count: 0 }, refreshesAtOnce: 0, converged: 0 },
  lockout: { networkAttempts: 0 },
  oauth: { clients: [{ clientId: 'gateway', clientSecret: 'gateway-secret', introspect: true, revoke: ['web', 'native'] }] }`
  const { METRICS: _, ...demo } = environment()
  const running = await servers.express(demo)
  try {
    expect(await clinic.ids(options, ['--url', running.url])).toEqual([
      ...['client-secret-weak', 'refreshes-unlimited', 'lockout-network-off', 'metrics-open'],
      ...['converged-unlimited', 'parallel-unlimited'],
    ])
  } finally {
    await running.close()
  }
})
