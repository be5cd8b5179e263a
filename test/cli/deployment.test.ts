import { gateOf } from '@sallyport/core/adapter'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startRedis } from '../support/redis.ts'
import { viewOf } from '../unit/view.ts'
import { programRun } from './commands.ts'
import { AUDIENCE, createWorld, ISSUER, SECRET, type World } from './world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.close())

const json = (text: string): Record<string, unknown> => JSON.parse(text)

describe('sessions', () => {
  test('are listed as a table, and as JSON', async () => {
    const { id } = await world.signIn('alice')
    const shown = await world.sallyportCommand(['sessions', 'list', 'alice'])
    expect(shown).toMatchObject({ code: 0, stderr: '' })
    expect(shown.stdout).toMatch(/^SESSION +SIGNED IN +LAST SEEN +DEVICE +ADDRESS +CLIENT +SCOPE\n/)
    expect(shown.stdout).toMatch(
      new RegExp(`^${id} +\\S+ \\S+Z +.*Firefox on Linux +.*web +profile:read$`, 'm'),
    )
    expect(shown.stdout).toContain('1 session of alice.\n')

    const { code, stdout } = await world.sallyportCommand(['sessions', 'list', 'alice', '--json'])
    expect(code).toBe(0)
    expect(json(stdout)).toEqual({
      subject: 'alice',
      sessions: [
        {
          id,
          created_at: expect.stringMatching(/^\d{4}-.*Z$/),
          last_seen_at: expect.stringMatching(/^\d{4}-.*Z$/),
          device: 'Firefox on Linux',
          ip: '192.0.2.1',
          client: 'web',
          scope: 'profile:read',
        },
      ],
      more: false,
    })
  })

  test('are ended by their ids, which is told; one that is not known makes it 1', async () => {
    const [one, other] = [await world.signIn('bob'), await world.signIn('bob')]
    const ended = await world.sallyportCommand(['sessions', 'revoke', one.id, '--reason', 'stolen', '--yes'])
    expect(ended).toEqual({ code: 0, stdout: 'Ended 1 session.\n', stderr: '' })
    expect(await world.told()).toContainEqual(
      expect.objectContaining({ event: 'session.ended', sub: 'bob', sid: one.id, reason: 'stolen' }),
    )
    const again = await world.sallyportCommand(['sessions', 'revoke', one.id, other.id, '--yes', '--json'])
    expect(again.code).toBe(1)
    expect(json(again.stdout)).toEqual({ ended: [other.id], unknown: [one.id], failed: [] })
    expect(again.stderr).toBe(`sallyport: no session is named ${one.id}\n`)
  })
})

describe('users', () => {
  test('are signed out, one from an argument and others from standard input', async () => {
    const { token } = await world.signIn('carol')
    for (const user of ['dave', 'erin']) await world.signIn(user)
    const args = ['users', 'revoke', 'carol', '--from', '-', '--yes', '--json']
    const { code, stdout } = await world.sallyportCommand(args, { input: 'dave\r\n\nerin\ndave\n' })
    expect(code).toBe(0)
    expect(json(stdout)).toMatchObject({ users: 3, api_keys: [], failed: [], remaining: [] })
    expect(json(stdout).ended).toHaveLength(3)
    await expect
      .poll(() => world.sallyport.tokens.verify(token))
      .toEqual({ kind: 'refused', problem: 'token_revoked' })
  })

  test('lose their API keys only if that is asked for', async () => {
    const { sallyport, sallyportCommand } = world
    await sallyport.apiKeys.create('frank', { name: 'backup' })
    await sallyportCommand(['users', 'revoke', 'frank', '--yes'])
    expect(await sallyport.apiKeys.list('frank')).toHaveLength(1)
    const { code, stdout } = await sallyportCommand(['users', 'revoke', 'frank', '--api-keys', '--yes'])
    expect({ code, stdout }).toEqual({
      ...{ code: 0, stdout: 'Signed out 1 user: ended 0 sessions and 1 API key.\n' },
    })
    expect(await sallyport.apiKeys.list('frank')).toEqual([])
  })

  test('are forgotten', async () => {
    const { id } = await world.signIn('grace')
    const { code, stdout } = await world.sallyportCommand(['users', 'forget', 'grace', '--yes', '--json'])
    expect(code).toBe(0)
    expect(json(stdout)).toEqual({ subject: 'grace', ended: [id] })
  })

  test('are unlocked by the name of the account', async () => {
    for (let failure = 0; failure < 2; failure++)
      await gateOf(world.sallyport).lockout.guard(viewOf({ ip: '192.0.2.7' }), 'heidi', () => undefined)
    const unlocked = await world.sallyportCommand(['users', 'unlock', 'Heidi'])
    expect(unlocked).toEqual({ code: 0, stdout: 'Heidi is unlocked.\n', stderr: '' })
    const again = await world.sallyportCommand(['users', 'unlock', 'heidi', '--json'])
    expect(json(again.stdout)).toEqual({ unlocked: false })
  })

  test('with a hostile name can neither move the cursor nor forge a line', async () => {
    const hostile = 'mallory\u001b[2J\u009b31m\r\n0 sessions of bob.\u202e'
    const shown = await world.sallyportCommand(['sessions', 'list', hostile])
    expect(shown.stdout).toMatch(/0 sessions of mallory\?\[2J\?31m\?\?0 sessions of bob\.\?\.\n$/)
    const { stdout } = await world.sallyportCommand(['sessions', 'list', hostile, '--json'])
    expect(stdout).toContain('mallory\\u001b[2J\\u009b31m\\r\\n0 sessions of bob.\\u202e')
    expect(json(stdout)).toMatchObject({ subject: hostile })
  })
})

describe('what can not be undone', () => {
  test.each([
    { typed: 'y', code: 0, says: 'Signed out 1 user' },
    { typed: 'n', code: 1, says: 'Nothing was changed.' },
    { typed: '', code: 1, says: 'Nothing was changed.' },
    { typed: '\u0003', code: 130, says: '' },
  ])('is asked about on a terminal: $typed', async ({ typed, code, says }) => {
    await world.signIn('ivan')
    const ended = await world.sallyportCommand(['users', 'revoke', 'ivan'], { typed: [typed] })
    expect(ended.code).toBe(code)
    expect(ended.stdout + ended.stderr).toContain(says)
    expect(ended.stderr).toContain('Sign out ivan everywhere? [y/N]')
    const left = await world.sallyport.sessions.list('ivan')
    expect(left.length > 0).toBe(code !== 0)
  })

  test('needs --yes where there is no terminal', async () => {
    for (const args of [['users', 'revoke', 'ivan'], ['revoke-all'], ['users', 'forget', 'ivan']]) {
      const { code, stdout, stderr } = await world.sallyportCommand(args)
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toContain('pass --yes')
    }
  })
})

describe('keys', () => {
  test('are listed, rotated and exported', async () => {
    const [active] = world.sallyport.keys.list()
    const listed = await world.sallyportCommand(['keys', 'list', '--json'])
    expect(json(listed.stdout)).toEqual({
      keys: [{ kid: active?.kid, alg: 'EdDSA', state: 'active', signs_from: expect.any(String) }],
    })
    const rotated = await world.sallyportCommand(['keys', 'rotate', '--json'])
    const { key } = json(rotated.stdout) as { key: { kid: string; state: string } }
    expect(key).toMatchObject({ state: 'pending' })
    expect(await world.told()).toContainEqual(expect.objectContaining({ event: 'key.rotated', kid: key.kid }))
    const shown = await world.sallyportCommand(['keys', 'list'])
    expect(shown.stdout).toMatch(
      /^KEY +ALGORITHM +STATE +SIGNS FROM\n\S+ +EdDSA +pending +\S+ \S+Z\n\S+ +EdDSA +active/,
    )

    const exported = await world.sallyportCommand(['keys', 'export-jwks'])
    const { keys } = json(exported.stdout) as { keys: Record<string, unknown>[] }
    expect(keys.map(({ kid }) => kid)).toEqual([key.kid, active?.kid])
    for (const one of keys) expect(one).not.toHaveProperty('d')
  })

  test('that have leaked are taken out of use, and the operator is told to note it', async () => {
    const kid = world.sallyport.keys.list().find(({ state }) => state === 'active')?.kid ?? ''
    const { code, stdout, stderr } = await world.sallyportCommand(['keys', 'compromise', kid, '--yes'])
    expect({ code, stdout }).toEqual({ code: 0, stdout: `The key ${kid} is out of use.\n` })
    expect(stderr).toContain(`add "${kid}" to "access.compromised"`)
    const unknown = await world.sallyportCommand(['keys', 'compromise', 'nobody', '--yes', '--json'])
    expect(unknown.code).toBe(1)
    expect(json(unknown.stdout)).toEqual({ compromised: 'nobody', known: false })
    expect(unknown.stderr).toContain('no key known here is named "nobody"')
  })
})

describe('revoke-all', () => {
  test('wants the issuer to be typed, and then signs everybody out', async () => {
    const { token } = await world.signIn('judy')
    const wrong = await world.sallyportCommand(['revoke-all'], { typed: ['y'] })
    expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('That is not the issuer.') })
    expect(await world.sallyport.tokens.verify(token)).toMatchObject({ kind: 'valid' })
    const right = await world.sallyportCommand(['revoke-all', '--reason', 'incident_1'], { typed: [ISSUER] })
    expect(right).toMatchObject({ code: 0, stdout: `Everybody is signed out of ${ISSUER}.\n` })
    await expect.poll(() => world.sallyport.tokens.verify(token)).toMatchObject({ kind: 'refused' })
    expect(await world.told()).toContainEqual(
      expect.objectContaining({ event: 'token.revoked', reason: 'incident_1' }),
    )
  })
})

describe('the store', () => {
  const settings = ['--appendonly', 'yes', '--maxmemory-policy']

  test('is fit for production, with warnings', async () => {
    const { code, stdout } = await world.sallyportCommand(['store', 'check', '--json'])
    expect(code).toBe(0)
    expect(json(stdout)).toEqual({
      ...{ store: 'redis', ready: true, fault: null },
      warnings: [expect.stringContaining('Redis keeps no append-only file')],
    })
    const shown = await world.sallyportCommand(['store', 'check'])
    expect(shown.stdout).toMatch(/^warning {2}Redis keeps no append-only file.*\n\nThe redis store answers,/)
  })

  test('that may evict sessions is found, as production would refuse it', async () => {
    const evicting = await startRedis({ args: [...settings, 'allkeys-lru'] })
    try {
      const env = { ISSUER, AUDIENCE, SALLYPORT_SECRET: SECRET, REDIS_URL: evicting.url }
      const cwd = process.cwd()
      const { code, stdout } = await world.sallyportCommand(['store', 'check'], { env, cwd })
      expect(code).toBe(1)
      expect(stdout).toMatch(/^FAULT {4}Redis evicts keys .*\n\nProduction refuses this redis\.\n$/)
    } finally {
      await evicting.stop()
    }
  })
})

describe('without the store', () => {
  const away = { ISSUER, AUDIENCE, SALLYPORT_SECRET: SECRET, REDIS_URL: 'redis://127.0.0.1:9/0' }
  test.each([
    [['sessions', 'list', 'alice']],
    [['sessions', 'revoke', 'a-session', '--yes']],
    [['users', 'revoke', 'alice', '--yes']],
    [['users', 'forget', 'alice', '--yes']],
    [['users', 'unlock', 'alice']],
    [['revoke-all', '--yes']],
    [['keys', 'list']],
    [['keys', 'rotate']],
    [['keys', 'compromise', 'a-key', '--yes']],
    [['keys', 'export-jwks']],
    [['store', 'check']],
  ])('%j ends with 3, and says why', async (args) => {
    const { code, stdout, stderr } = await world.sallyportCommand(args, { env: away, cwd: process.cwd() })
    expect(code).toBe(3)
    expect(stdout + stderr).toContain('Redis at redis://127.0.0.1:9 is away (ECONNREFUSED')
  })
})

test('the program itself ends, though the options have left a connection open', async () => {
  const { href } = new URL('../../packages/redis/dist/index.js', import.meta.url)
  const config = await world.file(
    'open.config.mjs',
    `import { createServer } from 'node:net'
     import { redisStore } from '${href}'
     createServer().listen(0)
     export default { issuer: '${ISSUER}', audience: '${AUDIENCE}', secret: '${SECRET}', store: redisStore({ url: '${world.redis.url}' }) }`,
  )
  const { code, stdout, stderr } = await programRun(['keys', 'list', '--config', config, '--json'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(json(stdout)).toHaveProperty('keys')
})
