import { createSallyport } from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import { redisStore } from '@sallyport/redis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { viewOf } from '../unit/view.ts'
import { AUDIENCE, createWorld, ISSUER, SECRET, type World } from './world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.close())

interface Shown {
  readonly verdict: string
  readonly problem?: string
  readonly reason?: string
  readonly header: Record<string, unknown> | null
  readonly claims: Record<string, unknown> | null
  readonly checks: readonly { readonly name: string; readonly state: string }[]
}

async function inspected(input: string, ...flags: string[]): Promise<{ code: number; shown: Shown }> {
  const { code, stdout } = await world.sallyportCommand(['token', 'inspect', '--json', ...flags], { input })
  return { code, shown: JSON.parse(stdout) }
}

const failedIn = ({ checks }: Shown): (string | undefined)[] =>
  checks.filter(({ state }) => state !== 'passed').map(({ name, state }) => `${name} ${state}`)

/** The token with other claims, and so with a signature that does not fit. */
function forged(token: string, claims: object): string {
  const [header = '', payload = '', signature] = token.split('.')
  const own = JSON.parse(Buffer.from(payload, 'base64url').toString())
  return [header, Buffer.from(JSON.stringify({ ...own, ...claims })).toString('base64url'), signature].join(
    '.',
  )
}

test('a good token is explained, claim by claim and check by check, and never printed', async () => {
  const { token, id } = await world.signIn('alice')
  const { code, stdout, stderr } = await world.sallyportCommand(['token', 'inspect'], {
    input: `Bearer ${token}\n`,
  })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/^sub +alice +the user$/m)
  expect(stdout).toMatch(/^exp +\d{4}-\d\d-\d\d \S+Z +when it expires/m)
  expect(stdout).toMatch(new RegExp(`^sid +${id} +its session`, 'm'))
  expect(stdout).toMatch(/^revocation +passed +neither it nor its session/m)
  expect(stdout).toMatch(/\nThe token is good\.\n$/)
  for (const part of token.split('.')) expect(stdout).not.toContain(part)
})

test('on a terminal it is asked for, and what is pasted is not shown', async () => {
  const { token } = await world.signIn('alice')
  const { code, stdout, stderr } = await world.sallyportCommand(['token', 'inspect'], { typed: [token] })
  expect(code).toBe(0)
  expect(stderr).toContain('Token (not shown): ')
  for (const part of token.split('.')) expect(stdout + stderr).not.toContain(part)
})

test('of a forged token the signature fails, and what comes behind is not reached', async () => {
  const { token } = await world.signIn('alice')
  const { code, shown } = await inspected(forged(token, { sub: 'admin' }))
  expect({ code, shown }).toMatchObject({
    code: 1,
    shown: {
      verdict: 'refused',
      problem: 'token_invalid',
      reason: 'token_signature',
      claims: { sub: 'admin' },
    },
  })
  const [first, ...others] = failedIn(shown)
  expect(first).toBe('signature failed')
  expect(others).toEqual(
    ['claims', 'issuer', 'audience', 'lifetime', 'beginning', 'expiry', 'holder', 'revocation'].map(
      (name) => `${name} not_reached`,
    ),
  )
})

test('of a revoked token everything else is good', async () => {
  const { token, id } = await world.signIn('bob')
  await world.sallyport.sessions.revoke(id)
  const { code, shown } = await inspected(token)
  expect({ code, verdict: shown.verdict, reason: shown.reason }).toEqual({
    ...{ code: 1, verdict: 'refused', reason: 'token_revoked' },
  })
  expect(failedIn(shown)).toEqual(['revocation failed'])
})

test('a claim can neither move the cursor nor be a date that there is none', async () => {
  const { token } = await world.signIn('alice')
  const hostile = forged(token, { sub: '\u001b[2Jroot\u202e', exp: 1e300, '__proto__x\n': 1 })
  const { stdout } = await world.sallyportCommand(['token', 'inspect'], { input: hostile })
  expect(stdout).toMatch(/^sub +\?\[2Jroot\? +the user$/m)
  expect(stdout).toMatch(/^exp +no instant: 1e\+303/m)
  expect(stdout).toMatch(/^__proto__x\? +1 +a claim of the application$/m)
})

test.each([
  [
    'an API key',
    async () => (await world.sallyport.apiKeys.create('carol', { name: 'x' })) as { key: string },
  ],
])('%s is looked up, and shown as the store knows it', async (_name, make) => {
  const { code, shown } = await inspected((await make()).key)
  expect({ code, verdict: shown.verdict }).toEqual({ code: 0, verdict: 'valid' })
  expect(shown.claims).toMatchObject({ sub: 'carol' })
})

test('a token that is bound is good only from its holder, which nobody is here', async () => {
  const bindsTokens = { cookie: { bindsTokens: true } }
  const binding = await createSallyport({
    ...{ issuer: ISSUER, audience: AUDIENCE, secret: SECRET, store: redisStore({ url: world.redis.url }) },
    ...bindsTokens,
  })
  const { accessToken } = await gateOf(binding).sessions.start(viewOf({}), { subject: 'dave' })
  const config = await world.file(
    'bound.config.mjs',
    `import options from './sallyport.config.mjs'
     export default async () => ({ ...(await options()), ...${JSON.stringify(bindsTokens)} })`,
  )
  const { code, shown } = await inspected(accessToken, '--config', config)
  expect({ code, verdict: shown.verdict }).toEqual({ code: 0, verdict: 'bound' })
  expect(failedIn(shown)).toEqual(['holder needs_sender', 'revocation not_reached'])

  await binding.sessions.revokeAll('dave')
  await binding.close()
  const revoked = await inspected(accessToken, '--config', config)
  expect({ code: revoked.code, verdict: revoked.shown.verdict }).toEqual({ code: 1, verdict: 'refused' })
  expect(failedIn(revoked.shown)).toEqual(['holder not_reached', 'revocation failed'])
})

test('what is no token at all is refused, and not repeated', async () => {
  const { code, shown } = await inspected('hunter2')
  expect({ code, shown }).toEqual({
    code: 1,
    shown: {
      ...{ verdict: 'refused', problem: 'token_malformed', reason: 'token_malformed' },
      ...{ header: null, claims: null, checks: [] },
    },
  })
})

test('without options it shows what the token says, and that this proves nothing', async () => {
  const { token } = await world.signIn('alice')
  const args = ['token', 'inspect', '--unverified']
  const { code, stdout } = await world.sallyportCommand(args, {
    input: forged(token, { sub: 'root' }),
    cwd: '/',
  })
  expect(code).toBe(0)
  expect(stdout).toMatch(/^sub +root /m)
  expect(stdout).toMatch(/NOTHING HERE WAS VERIFIED: anybody can have written this\.\n$/)
})

test('a look is no event, neither for the trail nor for those who watch it', async () => {
  await inspected('hunter2')
  expect(await world.told()).toEqual([])
})
