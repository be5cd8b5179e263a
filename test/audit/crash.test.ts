import { type ChildProcess, execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { ended, spawnTied } from '../support/tied.ts'
import { eventsAt, fileSink, key, trailPath, verify } from './trail.ts'

const program = fileURLToPath(new URL('writer.mjs', import.meta.url))

interface Writer {
  readonly child: ChildProcess
  say(line: string): void
  /** The next line that it says. */
  said(): Promise<string>
}

function startWriter(path: string, place: 'shared' | 'own', limit: readonly string[] = []): Writer {
  const [command = '', ...args] = [
    ...limit,
    process.execPath,
    program,
    path,
    key.toString('base64url'),
    place,
  ]
  const child = spawnTied(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  if (child.stdout === null) throw new TypeError('the process has no standard output')
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    child,
    say: (line) => child.stdin?.write(`${line}\n`),
    said: async () => String((await lines.next()).value),
  }
}

test.each(['own', 'shared'] as const)(
  'processes that are killed while they write leave a trail that verifies (%s)',
  async (place) => {
    const path = await trailPath()
    for (let round = 0; round < 4; round++) {
      const writers = [startWriter(path, place), startWriter(path, place)]
      for (const { say } of writers) say('forever 300')
      for (let batch = 0; batch <= round; batch++)
        for (const { said } of writers) expect(await said()).toBe('kept')
      for (const { child } of writers) {
        child.kill('SIGKILL')
        await ended(child)
      }
      expect(await verify(path)).toMatchObject({ kind: 'whole' })
    }
    const sink = fileSink(path, place === 'shared' ? { rotate: false } : {})
    await sink.write(eventsAt(0))
    await sink.close?.()
    const verdict = await verify(path)
    expect(verdict).toMatchObject({ kind: 'whole' })
    expect(verdict.kind === 'whole' && verdict.processes).toHaveLength(9)
  },
)

test.each([
  { place: 'own' as const, bytes: 20_000, fragments: 0 },
  { place: 'own' as const, bytes: 19_900, fragments: 0 },
  { place: 'shared' as const, bytes: 19_900, fragments: 1 },
  // The last line lacks nothing but its line break.
  { place: 'shared' as const, bytes: 20_000, fragments: 0 },
])('on a disk that was full after $bytes bytes, each event is there once ($place)', async (row) => {
  const path = await trailPath()
  const writer = startWriter(path, row.place, ['prlimit', `--fsize=${row.bytes}:unlimited`])
  writer.say('write 30')
  expect(await writer.said()).toBe('kept')
  writer.say('write 30')
  expect(await writer.said()).toMatch(/^failed: the audit trail .*audit\..* can't be written: /)
  writer.say('write 1')
  expect(await writer.said()).toMatch(/^failed/)
  expect(await verify(path)).toMatchObject({ kind: 'whole' })

  await promisify(execFile)('prlimit', ['--pid', String(writer.child.pid), '--fsize=unlimited:unlimited'])
  writer.say('write 1')
  expect(await writer.said()).toBe('kept')
  writer.say('end')
  expect(await writer.said()).toBe('closed')
  expect(await verify(path)).toMatchObject({ kind: 'whole', records: 62, fragments: row.fragments })
})

test('the trail of a process has each of its events once, in their order', async () => {
  const path = await trailPath()
  const writer = startWriter(path, 'shared')
  for (let batch = 0; batch < 3; batch++) {
    writer.say('write 50')
    expect(await writer.said()).toBe('kept')
  }
  writer.say('end')
  await writer.said()
  const lines = (await readFile(path, 'utf8')).split('\n').slice(0, -1)
  expect(lines.map((line) => JSON.parse(line).request_id)).toEqual(lines.map((_, index) => `r${index}`))
})
