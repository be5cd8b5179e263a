import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const POLICY = '@sallyport/claims-policy'

/**
 * Creates a `Sallyport`, with claims of its own if its argument says so, and prints `ready` or the error. With the
 * argument `subject`, it signs in twice and prints the notices about subjects.
 */
const PROGRAM = `
import { createSallyport } from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
process.emitWarning = (message) => notices.push(message)
const notices = []
const view = { method: 'POST', target: '/', headers: {}, rawHeaders: [], params: {} }
const claims = { of: () => ({ plan: 'pro' }) }
try {
  const sallyport = await createSallyport(process.argv[2] === 'claims' ? { claims } : {})
  if (process.argv[2] === 'subject') {
    for (const _ of [1, 2]) await gateOf(sallyport).signIn(view, { subject: 'ada@example.com' })
    console.log(JSON.stringify(notices.filter((line) => line.includes('subject'))))
  } else console.log(JSON.stringify({ ready: true }))
  await sallyport.close()
} catch (error) {
  const { name, code, option, message } = error
  console.log(JSON.stringify({ name, code, option, message }))
}
`

let application: string

/** Node.js resolves a link to its target, so the built core is copied; otherwise it would find its neighbours here. */
beforeAll(async () => {
  application = await mkdtemp(join(tmpdir(), 'sallyport-'))
  const { dependencies } = JSON.parse(await readFile(`${root}packages/core/package.json`, 'utf8'))
  const core = `${application}/node_modules/@sallyport/core`
  await mkdir(core, { recursive: true })
  await cp(`${root}packages/core/package.json`, `${core}/package.json`)
  await cp(`${root}packages/core/dist`, `${core}/dist`, { recursive: true })
  for (const name of Object.keys(dependencies)) await install(name, `${root}node_modules/${name}`)
  await writeFile(`${application}/main.mjs`, PROGRAM)
})

afterEach(() => rm(`${application}/node_modules/${POLICY}`, { recursive: true, force: true }))
afterAll(() => rm(application, { recursive: true, force: true }))

async function install(name: string, from: string): Promise<void> {
  const target = `${application}/node_modules/${name}`
  await mkdir(dirname(target), { recursive: true })
  await symlink(from, target)
}

/** Rejects where the program does not run to its end. */
async function run(...args: readonly string[]): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, ['main.mjs', ...args], {
    cwd: application,
    env: {},
  })
  return JSON.parse(stdout)
}

test('without the package, an application without claims of its own starts', async () => {
  expect(await run()).toEqual({ ready: true })
})

test('without the package, the option "claims" is refused with the command that installs it', async () => {
  expect(await run('claims')).toEqual({
    name: 'ConfigError',
    code: 'ERR_CONFIG',
    option: 'claims',
    message: expect.stringContaining(`npm install ${POLICY}`),
  })
})

test('without the package, an e-mail address as the subject of a sign-in gives one notice', async () => {
  expect(await run('subject')).toEqual([expect.stringContaining('"subject" looks like an e-mail address')])
})

test('a package that lacks a dependency of its own is not reported as missing', async () => {
  const broken = `${application}/node_modules/${POLICY}`
  await mkdir(`${broken}/dist`, { recursive: true })
  await cp(`${root}packages/claims-policy/package.json`, `${broken}/package.json`)
  await cp(`${root}packages/claims-policy/dist`, `${broken}/dist`, { recursive: true })
  const fault = await run('claims')
  expect(fault).toMatchObject({ name: 'Error', code: 'ERR_MODULE_NOT_FOUND' })
  expect(fault).not.toHaveProperty('option')
  expect(await run('subject')).toHaveLength(1)
})

test('with the package, the same application starts', async () => {
  await install(POLICY, `${root}packages/claims-policy`)
  expect(await run('claims')).toEqual({ ready: true })
})
