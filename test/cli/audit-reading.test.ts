import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toFile } from '@sallyport/audit'
import type { SallyportEvent } from '@sallyport/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { command, program } from './commands.ts'
import { createWorld, type World } from './world.ts'

const key = Buffer.alloc(32, 7)
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-reading-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

let made = 0
const newPath = (): string => join(folder, `audit-${made++}.jsonl`)

function ended(minute: number, sub: string, reason = 'logout'): SallyportEvent {
  const time = new Date(Date.UTC(2026, 10, 29, 12, minute)).toISOString()
  const names = { sub, sid: `session-of-${sub}`, request_id: `request-${minute}` }
  return { time, event: 'session.ended', outcome: 'success', ...names, reason, ip: '192.0.2.1' }
}

/** A trail of two processes, whose events take turns. */
async function writtenTrail(format: 'json' | 'ecs' = 'json'): Promise<string> {
  const path = newPath()
  const sinks = [1, 2].map(() => toFile({ path, key, format }))
  for (let minute = 0; minute < 20; minute++)
    await sinks[minute % 2]?.write([ended(minute, minute < 10 ? 'alice' : 'bob')])
  for (const sink of sinks) await sink.close?.()
  return path
}

const minutesIn = (stdout: string): number[] =>
  [...stdout.matchAll(/2026-11-29T12:(\d\d):00\.000Z/g)].map(([, minute]) => Number(minute))

describe('a query', () => {
  test('shows the latest events of all processes in the order of their times', async () => {
    const path = await writtenTrail()
    const { code, stdout, stderr } = await command(['audit', 'query', path, '--limit', '5'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^TIME +EVENT +OUTCOME +USER +SESSION +ADDRESS +REASON\n/)
    expect(stdout).toMatch(/session\.ended +success +bob +session-of-bob +192\.0\.2\.1 +logout\n$/)
    expect(minutesIn(stdout)).toEqual([15, 16, 17, 18, 19])
  })

  test.each([
    [['--sub', 'alice'], 10],
    [['--sid', 'session-of-bob', '--since', '2026-11-29T12:15Z'], 5],
    [['--until', '2026-11-29T12:04:00Z'], 5],
    [['--until', '2026-11-29T13:04:00.000+01:00'], 5],
    [['--since', '2026-11-29', '--until', '2026-11-30'], 20],
    [['--event', 'session.*', '--outcome', 'success'], 20],
    [['--event', 'key.*', 'login.failed'], 0],
    [['--ip', '192.0.2.2'], 0],
    [['--since', '1m', '--until', '0s'], 0],
  ])('finds by %j', async (filter, found) => {
    const { code, stdout } = await command(['audit', 'query', await writtenTrail(), ...filter, '--json'])
    expect(code).toBe(0)
    const events = stdout.split('\n').slice(0, -1)
    expect(events).toHaveLength(found)
    for (const event of events) expect(JSON.parse(event)).toMatchObject({ event: 'session.ended' })
  })

  test('says so if lines are no events, such as those of another format', async () => {
    const { code, stdout, stderr } = await command(['audit', 'query', await writtenTrail('ecs'), '--json'])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toBe(
      "sallyport: 20 lines can't be read as events: the trail has another format, or was damaged\n",
    )
  })

  test('shows a line that somebody has forged without what a terminal would obey', async () => {
    const path = newPath()
    const forged = {
      time: '\u001b[2J',
      event: 'x',
      sub: '\u009b31m\nkey.rotated',
      reason: { deep: '\u202e' },
    }
    await writeFile(path, `${JSON.stringify(forged)}\nno json\n{"half": `)
    const shown = await command(['audit', 'query', path])
    expect(shown).toMatchObject({ code: 1, stderr: expect.stringContaining('1 line can') })
    expect(shown.stdout.split('\n')[1]).toMatch(/^\?\[2J +x +- +\?31m\?key\.rotated +- +- +\{"deep":"\?"\}$/)
    const { stdout } = await command(['audit', 'query', path, '--json'])
    for (const control of ['\u001b', '\u009b', '\u202e']) expect(stdout).not.toContain(control)
    expect(JSON.parse(stdout)).toEqual(forged)
  })

  const instant = 'It must be like 30m, 2h, 7d or 2026-11-29T12:00Z.'
  test.each([
    { flags: ['--limit', '0'], says: 'It must be a whole number from 1 to 100000.' },
    { flags: ['--since', 'yesterday'], says: instant },
    { flags: ['--since', '90'], says: instant },
    { flags: ['--until', '5'], says: instant },
    { flags: ['--since', '2026'], says: instant },
    { flags: ['--since', '29 Nov 2026'], says: instant },
    { flags: ['--since', '2026-02-30'], says: instant },
    { flags: ['--until', '2026-11-31T12:00Z'], says: instant },
    { flags: ['--since', '2026-11-29T25:00Z'], says: instant },
  ])('refuses $flags', async ({ flags, says }) => {
    const { code, stderr } = await command(['audit', 'query', '/tmp/x.jsonl', ...flags])
    expect(code).toBe(2)
    expect(stderr).toContain(says)
  })

  test('of what is not there ends with 2', async () => {
    for (const name of ['query', 'tail']) {
      const { code, stderr } = await command(['audit', name, '/nowhere/audit.jsonl'])
      expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('ENOENT') })
      const part = await command(['audit', name, '/x/audit.20261129T195739-5f2c0a1b9d3e.jsonl.head'])
      expect(part).toMatchObject({ code: 2, stderr: expect.stringContaining('is only a part of a trail') })
    }
    await writtenTrail()
    for (const more of [[], ['--json'], ['--user', 'alice', '--config', '/nowhere/sallyport.config.js']]) {
      const path = join(folder, 'misspelt.jsonl')
      expect(await command(['audit', 'query', path, ...more])).toEqual({
        ...{ code: 2, stdout: '', stderr: `sallyport: there is no audit trail at ${path}\n` },
      })
    }
  })

  test('finds nothing, and no fault, where a process has begun and written no event yet', async () => {
    const path = await writtenTrail()
    for (const name of await readdir(folder))
      if (join(folder, name).startsWith(path.replace('.jsonl', '.')) && !name.endsWith('.head'))
        await rm(join(folder, name))
    const { code, stdout, stderr } = await command(['audit', 'query', path, '--json'])
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' })
  })
})

test('whoever reads no further, such as head, sees no fault', async () => {
  const child = spawn(process.execPath, [program, 'audit', 'query', await writtenTrail()], { stdio: 'pipe' })
  child.stdout.destroy()
  let stderr = ''
  child.stderr.on('data', (chunk) => (stderr += chunk))
  const [code] = await once(child, 'close')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
})

test('tail ends when whoever reads it does', async () => {
  const path = await writtenTrail()
  const child = spawn(process.execPath, [program, 'audit', 'tail', path], { stdio: 'pipe' })
  child.stdout.destroy()
  const [code] = await once(child, 'close')
  expect(code).toBe(0)
})

test('tail of a trail that is not there yet says so, and waits for it', async () => {
  const path = newPath()
  const late = toFile({ path, key })
  const { code, stdout, stderr } = await command(['audit', 'tail', path], {
    async whenShown(text) {
      if (minutesIn(text).length === 0) await late.write([ended(41, 'carol')])
      return minutesIn(text).length > 0
    },
  })
  await late.close?.()
  expect({ code, stderr }).toEqual({
    ...{ code: 0, stderr: `sallyport: there is no audit trail at ${path} yet: waiting for one\n` },
  })
  expect(minutesIn(stdout)).toEqual([41])
})

test('tail shows the last ten events, and each new one, until Ctrl-C', async () => {
  const path = await writtenTrail()
  const late = toFile({ path, key })
  const { code, stdout } = await command(['audit', 'tail', path], {
    async whenShown(text) {
      const minutes = minutesIn(text)
      if (minutes.at(-1) === 19) {
        // The first half of a line is not shown before the other half is there.
        await appendFile(path, `${JSON.stringify(ended(40, 'carol')).slice(0, 30)}`)
        await late.write([ended(41, 'carol')])
      }
      if (minutes.at(-1) === 41) await appendFile(path, `${JSON.stringify(ended(40, 'carol')).slice(30)}\n`)
      return minutes.at(-1) === 40
    },
  })
  await late.close?.()
  expect(code).toBe(0)
  expect(minutesIn(stdout)).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 41, 40])
})

describe('a trail of users', () => {
  let world: World
  beforeAll(async () => {
    world = await createWorld()
  })
  afterAll(() => world.close())

  test('with pseudonyms is searched by the id of the user, and tells who was meant only if that is asked for', async () => {
    const path = join(world.folder, 'hidden.jsonl')
    const { href } = new URL('../../packages/audit/dist/index.js', import.meta.url)
    const config = await world.file(
      'hidden.config.mjs',
      `import { toFile } from '${href}'
       import options from './sallyport.config.mjs'
       export default async () => ({
         ...(await options()),
         audit: { sink: toFile({ path: '${path}', key: Buffer.alloc(32, 7) }) },
       })`,
    )
    for (const user of ['alice', 'bob']) {
      await world.signIn(user)
      await expect.poll(() => world.sallyport.audit.pseudonymOf(user)).toBeDefined()
      await world.sallyportCommand(['users', 'revoke', user, '--yes', '--config', config])
    }
    const args = ['audit', 'query', path, '--user', 'alice', '--json', '--config', config]
    const hidden = await world.sallyportCommand(args)
    expect(hidden.code).toBe(0)
    expect(hidden.stdout).toContain('session.ended')
    expect(hidden.stdout).not.toMatch(/"(alice|bob)"/)
    const { stdout } = await world.sallyportCommand([...args, '--reveal'])
    expect(stdout).toContain('"sub":"alice"')
    expect(stdout).not.toContain('"bob"')
  })

  test('that names users as they are is searched in the same way', async () => {
    for (const user of ['carol', 'dave']) {
      await world.signIn(user)
      await world.sallyportCommand(['users', 'revoke', user, '--yes'])
    }
    const path = join(world.folder, 'audit.jsonl')
    const args = ['audit', 'query', path, '--user', 'carol', '--json', '--reveal']
    const { code, stdout, stderr } = await world.sallyportCommand(args)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('"sub":"carol"')
    expect(stdout).not.toContain('"dave"')
  })
})
