import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { describe, expect, inject, test } from 'vitest'
import { compile, writeProject } from './compile.ts'
import { frameworks, programOf, withRequire } from './programs.ts'
import { runModule, saidBy, start, visit } from './run.ts'
import { setups } from './setups.ts'

const project = inject('project')
const doors = inject('doors')

describe.concurrent.each(setups)('TypeScript: $name', (setup) => {
  test(`compiles the examples of the pages${setup.isRun ? ', and runs them' : ''}`, async () => {
    const folder = `${project}/${setup.name.replaceAll(/\W+/g, '-')}`
    await writeProject(folder, setup, programOf(setup, doors))
    for (const skipLibCheck of setup.skipLibCheck)
      expect(await compile(folder, setup, skipLibCheck), `skipLibCheck: ${skipLibCheck}`).toEqual([])
    if (!setup.isRun) return
    for (const framework of frameworks) await expectToRun(`${folder}/out/${framework}/app.js`)
  })
})

describe.concurrent.each(frameworks)('JavaScript: require() with %s', (framework) => {
  test('runs the example of the page', async () => {
    const program = `${project}/${framework}.cjs`
    await writeFile(program, withRequire(framework))
    await expectToRun(program)
  })
})

test('JavaScript: the store in Redis is packed with its scripts', async () => {
  const code = `
    const { createSallyport } = require('@sallyport/express')
    const { redisStore } = require('@sallyport/redis')
    const { createServer } = require('node:net')
    const secret = require('node:crypto').randomBytes(32).toString('base64')
    const options = { issuer: 'https://auth.example.com', audience: 'https://api.example.com', secret }
    const server = createServer().listen(0, '127.0.0.1', () => {
      const url = 'redis://127.0.0.1:' + server.address().port
      // Nothing listens there any more. The scripts are read before a server is asked.
      server.close(async () => {
        process.removeAllListeners('warning')
        process.once('warning', ({ message }) => console.log(message.includes('is away') ? 'away' : message))
        const sallyport = await createSallyport({ ...options, store: redisStore({ url }) })
        await sallyport.close()
        console.log('closed')
      })
    })
  `
  const said = await runModule(`${project}/redis.cjs`, code)
  expect(said.split('\n').sort()).toEqual(['away', 'closed'])
})

test('the command line is installed', async () => {
  const { stdout } = await promisify(execFile)(`${project}/node_modules/.bin/sallyport`, ['audit', '--help'])
  expect(stdout).toContain('verify')
})

/** And says nothing: no notice, no warning of Node's. */
async function expectToRun(program: string): Promise<void> {
  const server = await start(program)
  try {
    await visit(server.url)
    expect(saidBy(server)).toEqual([])
  } finally {
    server.kill()
  }
}
