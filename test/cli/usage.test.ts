import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { command } from './commands.ts'

const root = join(import.meta.dirname, '../..')
const TOKEN = `${Buffer.from('{"alg":"EdDSA"}').toString('base64url')}.e30.c2lnbmF0dXJl`

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-usage-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('a secret among the arguments is refused with the right way, and not repeated', () => {
  test.each([
    { args: ['token', 'inspect', TOKEN], says: 'pass the next one by standard input' },
    { args: ['users', 'revoke', `Bearer ${TOKEN}`], says: 'a token is among the arguments' },
    { args: ['sessions', 'list', `--config=${TOKEN}`], says: 'a token is among the arguments' },
    { args: ['keys', 'list', '--secret', 'hunter2'], says: 'No secret is taken as an argument' },
    { args: ['keys', 'list', '--secret=hunter2'], says: 'Set it in the environment, or give a file.' },
    { args: ['keys', 'list', '--redis-url', 'redis://h'], says: 'No secret is taken as an argument' },
    { args: ['store', 'check', 'redis://app:hunter2@redis/0'], says: 'set REDIS_URL or DATABASE_URL' },
    {
      args: ['store', 'check', '--redis-url=redis://:hunter2@redis'],
      says: 'a password is among the arguments',
    },
    { args: ['token', 'x'.repeat(50)], says: 'unknown command\n' },
    { args: ['token', 'inspect', 'hunter2'], says: 'too many arguments' },
  ])('$args', async ({ args, says }) => {
    const { code, stdout, stderr } = await command(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(says)
    for (const secret of ['hunter2', TOKEN, 'xxxxx']) expect(stderr).not.toContain(secret)
  })
})

describe('options that can not be used end with 2, and say why', () => {
  const env = { ISSUER: 'https://a.example', AUDIENCE: 'https://b.example', SALLYPORT_SECRET: 'c'.repeat(43) }
  const cases: readonly {
    readonly name: string
    readonly given: Record<string, string>
    readonly says: string
  }[] = [
    {
      name: 'nothing at all',
      given: {},
      says: 'ISSUER is missing: set it to the "issuer" of your deployment',
    },
    { name: 'no audience', given: { ...env, AUDIENCE: '' }, says: 'AUDIENCE is missing' },
    { name: 'no secret', given: { ...env, SALLYPORT_SECRET: '' }, says: 'SALLYPORT_SECRET is missing' },
    {
      name: 'a short secret',
      given: { ...env, SECRET: 'aGk', SALLYPORT_SECRET: '', REDIS_URL: 'redis://a' },
      says: '"secret',
    },
    { name: 'no store', given: env, says: 'are in the memory of its server' },
    { name: 'two stores', given: { ...env, REDIS_URL: 'redis://a', DATABASE_URL: 'b' }, says: 'both set' },
    { name: 'a wrong address', given: { ...env, REDIS_URL: 'http://a' }, says: '"redis.url" must be' },
    { name: 'others to be told', given: { ...env, LOGOUT_CLIENTS: 'a.json' }, says: 'LOGOUT_CLIENTS is set' },
    { name: 'no such file', given: { SALLYPORT_CONFIG: 'none.js' }, says: "in none.js can't be read" },
  ]
  test.each(cases)('$name', async ({ given, says }) => {
    const { code, stdout, stderr } = await command(['sessions', 'list', 'alice'], { env: given, cwd: root })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(says)
    expect(stderr.split('\n')).toHaveLength(2)
  })

  test('a store that is not installed beside the application', async () => {
    const { code, stderr } = await command(['keys', 'list'], {
      env: { ...env, REDIS_URL: 'redis://a' },
      cwd: folder,
    })
    expect(code).toBe(2)
    expect(stderr).toContain(
      '@sallyport/redis is not installed here: run this in the folder of your application',
    )
  })

  test.each([
    { file: 'none.cjs', text: 'module.exports = 1', says: 'must have the options of createSallyport' },
    { file: 'throws.mjs', text: 'throw new Error("no database")', says: "can't be read: no database" },
    { file: 'awaits.mjs', text: 'await 1; export default {}', says: 'export an async function' },
    { file: 'memory.mjs', text: 'export default {}', says: 'set the option "store"' },
    {
      file: 'random.cjs',
      text: 'module.exports = { store: { shared: true, open() {} } }',
      says: 'the options have no "secret"',
    },
    {
      file: 'lacking.cjs',
      text: `module.exports = { issuer: 'https://auth.example.com', issuers: [{}], store: { shared: true, open() {} } }`,
      says: 'the options have no "secret"',
    },
    {
      file: 'unknown.cjs',
      text: `exports.default = async () => ({ secret: '${'s'.repeat(9)}', refesh: {}, store: { shared: true, open() {} } })`,
      says: 'unknown option "refesh" (did you mean "refresh"?)',
    },
  ])('$file', async ({ file, text, says }) => {
    await writeFile(join(folder, file), text)
    const args = ['sessions', 'list', 'alice', '--config', file]
    const { code, stdout, stderr } = await command(args, { cwd: folder })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(says)
  })

  test.each([
    { args: ['users', 'revoke', '--yes'], says: 'name at least one user' },
    { args: ['users', 'revoke', '--yes', '--from', 'nowhere.txt'], says: "--from can't be read: ENOENT" },
    {
      args: ['users', 'revoke', '--yes', 'x'.repeat(256)],
      says: 'argument 1: an id of a user has 1 to 255 characters',
    },
    { args: ['sessions', 'revoke', '--yes'], says: "missing required argument 'session'" },
    { args: ['users', 'unlok', 'alice'], says: 'Did you mean unlock?' },
  ])('$args', async ({ args, says }) => {
    await writeFile(
      join(folder, 'sallyport.config.mjs'),
      `import { memoryStore } from '${join(root, 'packages/core/dist/index.js')}'
       export default { secret: '${'0123456789abcdef'.repeat(4)}', store: { ...memoryStore(), shared: true } }`,
    )
    const { code, stderr } = await command(args, { cwd: folder })
    expect(code).toBe(2)
    expect(stderr).toContain(says)
  })
})

test('keys in the options need no store', async () => {
  const { generateKeyPairSync } = await import('node:crypto')
  const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  await writeFile(
    join(folder, 'keys.config.cjs'),
    `module.exports = { secret: '${'0123456789abcdef'.repeat(4)}', access: { keys: [${JSON.stringify({ ...jwk, kid: 'one' })}] } }`,
  )
  const listed = await command(['keys', 'list', '--config', 'keys.config.cjs'], { cwd: folder })
  expect(listed).toMatchObject({ code: 0, stdout: expect.stringMatching(/^one +EdDSA +active +-$/m) })
  const exported = await command(['keys', 'export-jwks', '--config', 'keys.config.cjs'], { cwd: folder })
  expect(exported.code).toBe(0)
  expect(exported.stdout).not.toContain(jwk.d)
  const rotated = await command(['keys', 'rotate', '--config', 'keys.config.cjs'], { cwd: folder })
  expect(rotated).toMatchObject({ code: 2, stderr: expect.stringContaining('change "access.keys"') })
})

test('every command has a help that says what its exit codes mean', async () => {
  const { createProgram, withAll } = await import('../../packages/cli/src/program.ts')
  const commands = withAll(
    createProgram({ env: {}, stdout: process.stdout, stderr: process.stderr }, () => {}),
  )
  const leaves = commands.filter((one) => one.commands.length === 0)
  expect(leaves.length).toBeGreaterThan(12)
  for (const leaf of leaves) {
    const path = [leaf.parent?.name(), leaf.name()].filter((name) => name !== 'sallyport')
    const { code, stdout } = await command([...path.filter((name) => name !== undefined), '--help'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Exit codes:\s+0 /m)
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(120)
  }
})
