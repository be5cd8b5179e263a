import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))

const PROGRAM = `
import { cedar, cel, cerbos, opa } from '@sallyport/policies'
const said = {}
const make = { cedar: () => cedar({ policies: 'permit (principal, action, resource);' }), cel: () => cel({ read: 'true' }) }
for (const [name, start] of Object.entries(make))
  said[name] = await start().then(({ name }) => name, ({ name, option, message }) => ({ name, option, message }))
said.others = [opa({ url: 'https://a.example', path: 'p' }).name, cerbos({ url: 'https://a.example' }).name]
console.log(JSON.stringify(said))
`

let application: string

/** Node.js resolves a link to its target, so what was built is copied; otherwise it would find its neighbours here. */
beforeAll(async () => {
  application = await mkdtemp(join(tmpdir(), 'sallyport-'))
  for (const name of ['core', 'policies']) {
    const target = `${application}/node_modules/@sallyport/${name}`
    await mkdir(target, { recursive: true })
    await cp(`${root}packages/${name}/package.json`, `${target}/package.json`)
    await cp(`${root}packages/${name}/dist`, `${target}/dist`, { recursive: true })
  }
  const { dependencies } = JSON.parse(await readFile(`${root}packages/core/package.json`, 'utf8'))
  for (const name of Object.keys(dependencies)) await install(name)
  await writeFile(`${application}/main.mjs`, PROGRAM)
})
afterAll(() => rm(application, { recursive: true, force: true }))

async function install(name: string): Promise<void> {
  const target = `${application}/node_modules/${name}`
  await mkdir(dirname(target), { recursive: true })
  await symlink(`${root}node_modules/${name}`, target)
}

async function run(): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, ['main.mjs'], { cwd: application, env: {} })
  return JSON.parse(stdout)
}

test('an engine that is not installed is refused with the command that installs it, and no other is', async () => {
  const missing = (option: string, name: string) => ({
    name: 'ConfigError',
    option,
    message: `${option} needs the package ${name}: run "npm install ${name}"`,
  })
  expect(await run()).toEqual({
    cedar: missing('cedar', '@cedar-policy/cedar-wasm'),
    cel: missing('cel', '@marcbachmann/cel-js'),
    others: ['OPA', 'Cerbos'],
  })
})

test('an engine that is installed starts, as it was built', async () => {
  await install('@cedar-policy/cedar-wasm')
  await install('@marcbachmann/cel-js')
  expect(await run()).toEqual({ cedar: 'Cedar', cel: 'CEL', others: ['OPA', 'Cerbos'] })
})
