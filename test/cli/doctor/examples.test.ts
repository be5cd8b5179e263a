import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Running, start } from '@sallyport/example-app'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { framework as express } from '../../../examples/express/src/framework.ts'
import { framework as fastify } from '../../../examples/fastify/src/framework.ts'
import { framework as koa } from '../../../examples/koa/src/framework.ts'
import { freePort } from '../../support/free-port.ts'
import { type ServerProcess, startProgram, startServer } from '../../support/processes.ts'
import { settle } from '../../support/settle.ts'
import { command, type Ended, programRun } from '../commands.ts'
import { type Clinic, openClinic } from './clinic.ts'

type Env = Readonly<Record<string, string>>

const built = join(import.meta.dirname, '../../../examples/app/dist')
const servers = {
  express: (env: Env) => start(express, env),
  koa: (env: Env) => start(koa, env),
  fastify: (env: Env) => start(fastify, env),
}
const names = ['express', 'koa', 'fastify'] as const

let clinic: Clinic
let configs = 0
beforeAll(async () => {
  clinic = await openClinic()
})
afterAll(() => clinic.close())

const random = (): string => randomBytes(32).toString('base64url')

/** A system of its own in the Redis of the clinic. */
async function onRedis(): Promise<Env> {
  const prefix = `example-${++configs}`
  await settle(clinic.redis, [prefix])
  return { REDIS_URL: clinic.redisUrl, KEY_PREFIX: prefix, SECRET: random() }
}

/** What the README says to set. */
async function inProduction(): Promise<Env> {
  return {
    ...(await onRedis()),
    ...{ DEMO: 'off', ISSUER: 'https://auth.example.com', AUDIENCE: 'https://api.example.com' },
    ...{ AUDIT_KEY: random(), GATEWAY_SECRET: random(), USER_PASSWORD: random() },
    AUDIT_FILE: join(clinic.folder, `audit-${++configs}.jsonl`),
  }
}

/** What is found at a server with these variables, by its own options. */
async function examined(name: (typeof names)[number], given: Env, args: readonly string[] = []) {
  const env = { ...given, AUDIT_FILE: join(clinic.folder, `audit-${++configs}.jsonl`) }
  const running = await servers[name]({ ...env, PORT: '0' })
  try {
    const text = `import { optionsFor } from '${pathToFileURL(join(built, 'options.js'))}'
export default () => optionsFor(${JSON.stringify(env)})`
    const config = await clinic.file(`example-${++configs}.mjs`, text)
    const asked = ['--config', config, '--url', running.url, '--protected', '/api/me', ...args]
    return foundIn(await command(['doctor', '--json', ...asked]))
  } finally {
    await running.close()
  }
}

function foundIn({ stdout, stderr }: Ended): {
  readonly found: readonly string[]
  readonly aside: readonly string[]
} {
  if (stdout === '') throw new Error(stderr)
  const { findings, set_aside: aside } = JSON.parse(stdout)
  return { found: findings.map(({ id }: { readonly id: string }) => id), aside }
}

const DEMO = [
  ...['client-secret-weak', 'refreshes-unlimited', 'lockout-network-off', 'metrics-open'],
  ...['converged-unlimited', 'parallel-unlimited', 'audit-plain'],
]

describe('at the demo, as npm start runs it, nothing is found', () => {
  test.each(names)('%s in memory', async (name) => {
    const { found, aside } = await examined(name, {})
    expect(found).toEqual([])
    expect([...aside].sort()).toEqual([...DEMO, 'store-memory'].sort())
  })

  test.each(names)('%s on Redis', async (name) => {
    const { found, aside } = await examined(name, await onRedis())
    expect(found).toEqual([])
    expect([...aside].sort()).toEqual([...DEMO].sort())
  })
})

describe('at a server that is no demo, nothing is found, by the rules of production', () => {
  test.each(names)('%s on Redis', async (name) => {
    expect(await examined(name, await inProduction())).toEqual({ found: [], aside: [] })
  })

  test('by the program, with the options that the example has for it', async () => {
    const env = await inProduction()
    const running = await servers.express({ ...env, PORT: '0' })
    try {
      const args = [
        '--config',
        join(built, 'sallyport.config.js'),
        '--url',
        running.url,
        '--protected',
        '/api/me',
      ]
      const ended = await programRun(['doctor', '--json', ...args], {
        env: { ...env, NODE_ENV: 'production' },
      })
      expect(foundIn(ended)).toEqual({ found: [], aside: [] })
    } finally {
      await running.close()
    }
  })

  test.each(['ISSUER', 'AUDIENCE', 'SECRET', 'AUDIT_KEY', 'GATEWAY_SECRET', 'USER_PASSWORD', 'REDIS_URL'])(
    'it does not start without %s',
    async (name) => {
      const { [name]: _, ...env } = await inProduction()
      await expect(servers.express({ ...env, PORT: '0' })).rejects.toThrow(
        `${name} must be set where DEMO is off`,
      )
    },
  )

  test('its metrics are on a port of their own, or nowhere', async () => {
    const env = await inProduction()
    const port = String(await freePort())
    const closed = await servers.koa({ ...env, PORT: '0', METRICS_PORT: port })
    expect((await fetch(`${closed.url}/metrics`)).status).toBe(404)
    expect(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).toContain('sallyport_')
    await closed.close()
    await expect(fetch(`http://127.0.0.1:${port}/metrics`)).rejects.toThrow()
  })

  test('nobody signs in with the password of the demo', async () => {
    const env = await inProduction()
    const running = await servers.fastify({ ...env, PORT: '0' })
    try {
      expect(await signedIn(running, 'correct horse battery staple')).toBe(401)
      expect(await signedIn(running, env.USER_PASSWORD ?? '')).toBe(200)
    } finally {
      await running.close()
    }
  })
})

describe('at an example of one thing, as its page starts it, nothing is found', () => {
  const running: ServerProcess[] = []
  afterEach(async () => {
    await Promise.all(running.splice(0).map((one) => one.stop()))
  })
  async function started(starting: Promise<ServerProcess>): Promise<string> {
    const one = await starting
    running.push(one)
    return one.url
  }
  async function examinedAt(url: string, route: string, options: object) {
    const text = `export default ${JSON.stringify({ ...options, production: false })}`
    const config = await clinic.file(`example-${++configs}.mjs`, text)
    return foundIn(
      await command(['doctor', '--json', '--config', config, '--url', url, '--protected', route]),
    )
  }

  test('live, which keeps streams open', async () => {
    const secret = random()
    const url = await started(startServer('live', { SECRET: secret }))
    const { found, aside } = await examinedAt(url, '/events', { secret })
    expect(found).toEqual([])
    expect(aside).toEqual(['store-memory', 'audit-missing'])
  })

  test('single-logout, which only verifies', async () => {
    const signOn = await started(startServer('express'))
    const url = await started(startProgram('examples/single-logout/dist/service.js', { SIGN_ON: signOn }))
    const trusted = { issuer: 'https://auth.example.test', jwks: `${signOn}/.well-known/jwks.json` }
    const { found, aside } = await examinedAt(url, '/me', {
      issuers: [{ ...trusted, audience: 'https://api.example.test', algorithms: ['EdDSA'] }],
      backchannelLogout: { issuers: [{ ...trusted, audience: 'shop' }] },
    })
    expect(found).toEqual([])
    expect(aside).toEqual(['store-memory', 'issuer-keys-loopback'])
  })
})

test('the demo as a deployment: all that was set aside is found, and that it is a demo', async () => {
  const { found, aside } = await examined('express', await onRedis(), ['--production'])
  expect(aside).toEqual([])
  expect([...found].sort()).toEqual(['development-rules', ...DEMO].sort())
})

async function signedIn({ url }: Running, password: string): Promise<number> {
  const body = JSON.stringify({ username: 'alice', password })
  const headers = { 'content-type': 'application/json' }
  return (await fetch(`${url}/auth/login`, { method: 'POST', headers, body })).status
}
