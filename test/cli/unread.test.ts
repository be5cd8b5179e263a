import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { program } from './commands.ts'
import { createWorld, type World } from './world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.close())

/** The exit code of a command whose output nobody reads. */
async function codeOfUnread(args: readonly string[]): Promise<number> {
  const { PATH, TEST_REDIS } = process.env
  const child = spawn(process.execPath, [program, ...args], { cwd: world.folder, env: { PATH, TEST_REDIS } })
  child.stdout.destroy()
  child.stderr.destroy()
  const [code] = await once(child, 'close')
  return code
}

test('a command whose output nobody reads does all of its work, and ends with the code of it', async () => {
  const { id } = await world.signIn('alice')
  expect(await codeOfUnread(['sessions', 'revoke', id, 'unknown', '--yes'])).toBe(1)
  expect(await world.sallyport.sessions.list('alice')).toEqual([])
  expect(await world.told()).toContainEqual(expect.objectContaining({ event: 'session.ended', sid: id }))
  expect(await codeOfUnread(['sessions', 'list', 'alice'])).toBe(0)
})

test('output that is lost on a full disk makes it 2', async () => {
  const full = await open('/dev/full', 'w')
  const child = spawn(process.execPath, [program, 'completion', 'bash'], { stdio: ['pipe', full.fd, 'pipe'] })
  let stderr = ''
  child.stderr?.on('data', (chunk) => (stderr += chunk))
  const [code] = await once(child, 'close')
  await full.close()
  expect({ code, stderr }).toEqual({
    ...{ code: 2, stderr: "sallyport: the output can't be written: ENOSPC\n" },
  })
})
