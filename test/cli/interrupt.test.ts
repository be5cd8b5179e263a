import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { command, programRun } from './commands.ts'

const core = pathToFileURL(join(import.meta.dirname, '../../packages/core/dist/index.js')).href
const users = Array.from({ length: 1000 }, (_, index) => `user-${index}`)

/** The options of an application whose store, in memory, does this while the second slice of users is under way. */
const configWith = (step: string): string => `
import { memoryStore } from '${core}'

const driver = memoryStore()
let ends = 0

export default {
  secret: '${'0123456789abcdef'.repeat(4)}',
  store: {
    ...driver,
    shared: true,
    async open(context) {
      const store = await driver.open(context)
      const sessions = new Proxy(store.sessions, {
        get(target, name) {
          if (name !== 'endSubject') return target[name]
          return async (...args) => {
            if (++ends === 300) ${step}
            await new Promise((resolve) => setTimeout(resolve, 1))
            return target.endSubject(...args)
          }
        },
      })
      return { ...store, sessions }
    },
  },
}
`

/** On a busy machine a signal takes its time, and whoever waits for one alone keeps no process. */
const INTERRUPT = `await new Promise((resolve) => {
              const alive = setInterval(() => {}, 1000)
              process.once('SIGINT', () => resolve(clearInterval(alive)))
              process.kill(process.pid, 'SIGINT')
            })`

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-interrupt-'))
  await writeFile(join(folder, 'sallyport.config.mjs'), configWith(INTERRUPT))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test('Ctrl-C in the middle of many users finishes those under way, and says who is left', async () => {
  const args = ['users', 'revoke', '--from', '-', '--yes', '--json']
  const { code, stdout, stderr } = await programRun(args, { cwd: folder, input: users.join('\n') })
  expect(code).toBe(130)
  expect(JSON.parse(stdout)).toEqual({
    ...{ users: 400, ended: [], api_keys: [], failed: [], remaining: users.slice(400) },
  })
  expect(stderr).toBe(
    'sallyport: interrupted; 600 users left, from user-400 on. Repeat the command to go on.\n',
  )
})

test('a fault in the middle of many users says who is left, too', async () => {
  await writeFile(join(folder, 'faulty.config.mjs'), configWith("throw new Error('the disk is full')"))
  const args = ['users', 'revoke', '--from', '-', '--yes', '--config', 'faulty.config.mjs']
  const { code, stdout, stderr } = await command(args, { cwd: folder, input: users.join('\n') })
  expect({ code, stdout }).toEqual({ code: 2, stdout: 'Signed out 200 users: ended 0 sessions.\n' })
  expect(stderr).toBe(
    'sallyport: the disk is full\nsallyport: 800 users left, from user-200 on. Repeat the command to go on.\n',
  )
})

test('progress is shown to people, and taken away again', async () => {
  const config = `import { memoryStore } from '${core}'
    export default { secret: '${'0123456789abcdef'.repeat(4)}', store: { ...memoryStore(), shared: true } }`
  await writeFile(join(folder, 'plain.config.mjs'), config)
  const args = ['users', 'revoke', '--from', '-', '--yes', '--config', 'plain.config.mjs']
  const given = { cwd: folder, input: users.join('\n') }
  const watched = await command(args, { ...given, isWatched: true })
  expect(watched.stderr).toContain('\r\u001b[K400 of 1,000 users; Ctrl-C stops\r\u001b[K600 of 1,000 users')
  expect(watched.stderr.endsWith('\r\u001b[K')).toBe(true)
  expect(watched.stdout).toBe('Signed out 1,000 users: ended 0 sessions.\n')
  expect(await command(args, given)).toEqual({ code: 0, stdout: watched.stdout, stderr: '' })
})
