import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { command } from '../commands.ts'
import { type Clinic, ISSUER, openClinic, SECRET } from './clinic.ts'
import { type Served, serve } from './server.ts'

/** Fine while one develops, and a high finding in production. */
const WEAK = `oauth: { clients: [{ clientId: 'gateway', clientSecret: 'gateway-secret', introspect: true }] }`
/** Fine nowhere. */
const BAD = 'lockout: { attempts: 0 }'

let clinic: Clinic
let server: Served
let atLoopback: readonly string[]
let atPublic: readonly string[]
beforeAll(async () => {
  clinic = await openClinic()
  server = await serve(await clinic.jwks(), () => undefined)
  atLoopback = ['--url', server.url]
  atPublic = ['--url', server.url.replace('127.0.0.1', '0.0.0.0')]
})
afterAll(async () => {
  await server.close()
  await clinic.close()
})

async function asideOf(changed: string, args: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await clinic.doctor(changed, ['--json', ...args])
  return JSON.parse(stdout).set_aside
}

describe('options that say it, at a loopback address', () => {
  const options = `production: false, ${WEAK}`

  test('what is fine in development is set aside, and all else is found', async () => {
    expect(await clinic.ids(`${options}, ${BAD}`, atLoopback)).toEqual(['lockout-off'])
    expect(await asideOf(options, atLoopback)).toEqual(['client-secret-weak'])
  })

  test('keys of another issuer are from this machine: set aside; from another one: found', async () => {
    const keysAt = (jwks: string): string =>
      `production: false, issuers: [{ issuer: 'https://idp.example.com', audience: 'api', algorithms: ['ES256'], ${jwks} }]`
    const here = keysAt("jwks: 'http://127.0.0.1:9/jwks'")
    expect(await clinic.ids(here, atLoopback)).toEqual([])
    expect(await asideOf(here, atLoopback)).toEqual(['issuer-keys-loopback'])
    const elsewhere = keysAt("jwks: 'http://idp.internal/jwks', insecureJwks: true")
    expect(await clinic.ids(elsewhere, atLoopback)).toEqual(['issuer-keys-http'])
  })

  test('the text and the page say so', async () => {
    const { code, stdout } = await clinic.doctor(options, [...atLoopback, '--html', 'aside.html'])
    expect(code).toBe(0)
    const line = /^Nothing was found\.\nSet aside, .*: client-secret-weak\. With --production they count\.$/m
    expect(stdout).toMatch(line)
    expect(await readFile(`${clinic.folder}/aside.html`, 'utf8')).toContain('<p>Set aside, ')
  })

  test('a Redis that evicts is set aside, too', async () => {
    const evicting = await openClinic(['--maxmemory', '64mb', '--maxmemory-policy', 'allkeys-lru'])
    try {
      // The server has the keys of the other Redis.
      expect(await evicting.ids('production: false', atLoopback)).toEqual(['jwks-foreign'])
      expect(await evicting.ids('', atLoopback)).toEqual(['redis-evicts', 'jwks-foreign'])
    } finally {
      await evicting.close()
    }
  })
})

describe('development-rules, and nothing is set aside', () => {
  const options = `production: false, ${WEAK}`
  const found = ['development-rules', 'client-secret-weak']

  test('at a public address', async () => {
    expect(await clinic.ids(options, atPublic)).toEqual([...found, 'http-plain'])
    expect(await asideOf(options, atPublic)).toEqual([])
  })

  test('where NODE_ENV is production', async () => {
    const env = { NODE_ENV: 'production' }
    expect(await clinic.ids(options, atLoopback, { env })).toEqual(found)
  })

  test('with --production', async () => {
    expect(await clinic.ids(options, [...atLoopback, '--production'])).toEqual(found)
  })
})

describe('judged as production', () => {
  test.each([
    ['options that do not say', WEAK, () => atLoopback],
    ['a file that a pipeline looks at, with no server', `production: false, ${WEAK}`, () => []],
  ])('%s', async (_, options, args) => {
    expect(await clinic.ids(options, args())).toEqual(['client-secret-weak'])
    expect(await asideOf(options, args())).toEqual([])
  })

  test('variables, which do not say', async () => {
    const env = {
      ...{ ISSUER, AUDIENCE: 'https://api.example.com', SALLYPORT_SECRET: SECRET },
      REDIS_URL: clinic.redisUrl,
    }
    const cwd = new URL('../../..', import.meta.url).pathname
    const { stdout } = await command(['doctor', '--json', ...atLoopback], { env, cwd })
    expect(JSON.parse(stdout)).toMatchObject({ findings: [{ id: 'audit-missing' }], set_aside: [] })
  })
})
