import {
  appendFile,
  chmod,
  copyFile,
  type FileHandle,
  mkdir,
  open,
  readFile,
  rename,
  rmdir,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { FileOptions } from '@sallyport/audit'
import type { AuditSink } from '@sallyport/core'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { age, DAY, eventAt, eventsAt, fileSink, filesOf, HOUR, linesOf, trailPath, verify } from './trail.ts'

describe('a trail in files', () => {
  test('has each event as it is, with an element of the chain behind it', async () => {
    const path = await trailPath()
    const sink = fileSink(path)
    const events = eventsAt(0, 1, 2)
    await sink.write(events)
    await sink.close?.()

    const lines = await linesOf(path)
    expect(lines.map((line) => JSON.parse(line))).toEqual(
      events.map((event, index) => ({
        ...event,
        chain: expect.stringMatching(
          new RegExp(`^20261129T120000-[0-9a-f]{12}\\.${index + 1}\\.[\\w-]{43}$`),
        ),
      })),
    )
    expect(await verify(path)).toMatchObject({ kind: 'whole', records: 3, fragments: 0 })
  })

  test('is written by several processes, each to segments of its own', async () => {
    const path = await trailPath()
    const sinks = [fileSink(path), fileSink(path)]
    for (const ms of [0, 1, 2]) for (const sink of sinks) await sink.write(eventsAt(ms))
    await sinks[0]?.close?.()

    expect(await filesOf(path, '.jsonl')).toHaveLength(2)
    const verdict = await verify(path)
    expect(verdict).toMatchObject({ kind: 'whole', records: 6 })
    expect(verdict.kind === 'whole' && verdict.processes.map(({ state }) => state).sort()).toEqual([
      'open',
      'sealed',
    ])
  })

  test('is one file that several processes share, over restarts', async () => {
    const path = await trailPath()
    for (let restart = 0; restart < 2; restart++) {
      const sinks = [fileSink(path, { rotate: false }), fileSink(path, { rotate: false })]
      for (const ms of [0, 1, 2]) for (const sink of sinks) await sink.write(eventsAt(ms))
      for (const sink of sinks) await sink.close?.()
    }
    expect(await filesOf(path, '.jsonl')).toEqual([path])
    expect(await verify(path)).toMatchObject({ kind: 'whole', records: 12 })
  })

  test('lies beside another one whose path differs in its ending alone', async () => {
    const path = await trailPath()
    const paths = [path, path.replace('.jsonl', '.cef'), path.replace('.jsonl', '')]
    const sinks = paths.map((one) => fileSink(one, { rotate: { hours: 1 }, retentionDays: 1 }))
    for (const ms of [0, HOUR, 3 * DAY])
      for (const sink of sinks) {
        await age(path)
        await sink.write(eventsAt(ms))
      }
    for (const one of paths) {
      const verdict = await verify(one)
      expect(verdict).toMatchObject({ kind: 'whole', records: 1 })
      expect(verdict.kind === 'whole' && verdict.processes).toHaveLength(1)
    }
  })

  test('does without a file until there is an event', async () => {
    const path = await trailPath()
    const sink = fileSink(path)
    await sink.write([])
    await sink.close?.()
    expect(await filesOf(path, '')).toEqual([])
    expect(await verify(path)).toEqual({ kind: 'none' })
  })

  test('is readable by nobody else than owner and group', async () => {
    const path = await trailPath()
    const sink = fileSink(path)
    await sink.write(eventsAt(0))
    const [segment = ''] = await filesOf(path, '.jsonl')
    expect((await stat(segment)).mode & 0o007).toBe(0)
    await sink.close?.()
    expect((await stat(segment)).mode & 0o222).toBe(0)
  })
})

describe('a sink of two Sallyports', () => {
  test.each([false, undefined] as const)(
    'keeps each event once, whatever overlaps (rotate: %s)',
    async (rotate) => {
      const path = await trailPath()
      const sink = fileSink(path, { rotate })
      const rounds = Array.from({ length: 20 }, (_, ms) => ms)
      await Promise.all(rounds.flatMap((ms) => [sink.write(eventsAt(ms)), sink.write(eventsAt(ms))]))
      expect(await verify(path)).toMatchObject({ kind: 'whole', records: 40 })

      const [under, closed] = [sink.write(eventsAt(100, 100)), sink.close?.()]
      await Promise.all([under, closed, sink.write(eventsAt(1000))])
      expect(await verify(path)).toMatchObject({ kind: 'whole', records: 43 })
      await sink.close?.()
      const verdict = await verify(path)
      expect(verdict.kind === 'whole' && verdict.processes.map(({ last, state }) => [last, state])).toEqual([
        [42, 'sealed'],
        [1, 'sealed'],
      ])
    },
  )

  test('keeps each event once, although both have to try again', async () => {
    const path = join(dirname(await trailPath()), 'later', 'audit.jsonl')
    const sink = fileSink(path)
    const [one, other] = [eventsAt(0), eventsAt(1)]
    await expect(sink.write(one)).rejects.toThrow('ENOENT')
    await expect(sink.write(other)).rejects.toThrow('ENOENT')
    await mkdir(dirname(path))
    await sink.write(other)
    await sink.write(one)
    expect(await verify(path)).toMatchObject({ kind: 'whole', records: 2 })
  })
})

describe('rotation', () => {
  test('begins a segment when the one before is old enough', async () => {
    const path = await trailPath()
    const sink = fileSink(path, { rotate: { hours: 1 } })
    for (const ms of [0, HOUR - 1, HOUR, 2 * HOUR]) await sink.write(eventsAt(ms))
    await sink.close?.()
    const segments = await filesOf(path, '.jsonl')
    expect(segments.map((name) => name.split('.').at(-2))).toEqual(['000001', '000002', '000003'])
    expect(await verify(path)).toMatchObject({ kind: 'whole', records: 4 })
  })

  test('begins a segment when the one before is large enough', async () => {
    const path = await trailPath()
    const sink = fileSink(path, { rotate: { megabytes: 1 } })
    const batch = Array.from({ length: 1000 }, () => eventAt(0, { user_agent: 'a'.repeat(255) }))
    for (let round = 0; round < 5; round++) await sink.write(batch.map((event) => ({ ...event })))
    await sink.close?.()
    const segments = await filesOf(path, '.jsonl')
    expect(segments.length).toBeGreaterThan(1)
    for (const segment of segments) expect((await stat(segment)).size).toBeLessThanOrEqual(1_048_576)
    expect(await verify(path)).toMatchObject({ kind: 'whole', records: 5000 })
  })
})

describe('retention', () => {
  const daily = { rotate: { hours: 24 }, retentionDays: 3 }

  /** Events of tests happen on other days than their files are written. */
  function agedSink(path: string, options: Partial<FileOptions> = {}): AuditSink {
    const sink = fileSink(path, options)
    return {
      ...sink,
      async write(events) {
        await age(path)
        await sink.write(events)
      },
    }
  }

  test('deletes whole segments of every process, and the trail verifies', async () => {
    const path = await trailPath()
    const crashed = agedSink(path, daily)
    const closed = agedSink(path, daily)
    await crashed.write(eventsAt(0, 1))
    await closed.write(eventsAt(1, 2))
    await closed.close?.()
    const sink = agedSink(path, daily)
    for (const day of [0, 1, 2, 3, 4, 5]) await sink.write(eventsAt(day * DAY, day * DAY + 1))

    expect(await filesOf(path, '.jsonl')).toHaveLength(4)
    const verdict = await verify(path)
    expect(verdict).toMatchObject({ kind: 'whole', records: 8 })
    if (verdict.kind !== 'whole') return
    expect(verdict.processes.map(({ first, last }) => [first, last]).sort()).toEqual([
      [3, 2],
      [3, 2],
      [5, 12],
    ])
    // A process that had slept writes on.
    await crashed.write(eventsAt(6 * DAY))
    expect(await verify(path)).toMatchObject({ kind: 'whole' })
  })

  test('keeps what is no older than a year, unless it is told otherwise', async () => {
    const path = await trailPath()
    const sink = agedSink(path)
    for (const day of [0, 1, 365, 366]) await sink.write(eventsAt(day * DAY))
    await sink.close?.()
    expect(await filesOf(path, '.jsonl')).toHaveLength(3)
    expect(await verify(path)).toMatchObject({ kind: 'whole', records: 3 })
  })

  test('verifies a segment that was to be deleted when its process ended', async () => {
    const path = await trailPath()
    const sink = agedSink(path, daily)
    await sink.write(eventsAt(0, 1, 2))
    await sink.write(eventsAt(DAY, DAY + 1))
    const segments = await filesOf(path, '.jsonl')
    const texts = await Promise.all(segments.map((file) => readFile(file, 'utf8')))
    for (const day of [2, 3, 4, 5]) await sink.write(eventsAt(day * DAY))
    expect(await verify(path)).toMatchObject({ kind: 'whole', records: 4 })

    const [, second = ''] = segments
    await writeFile(second, texts[1] ?? '')
    expect(await verify(path)).toMatchObject({ kind: 'whole', records: 6 })
    await writeFile(second, (texts[1] ?? '').replace('alice', 'mallo'))
    const edited = { kind: 'edited', file: second, line: 1, number: 4 }
    expect(await verify(path)).toMatchObject({ kind: 'broken', fault: edited })
    await writeFile(segments[0] ?? '', texts[0] ?? '')
    expect(await verify(path)).toMatchObject({ kind: 'broken', fault: { kind: 'duplicated', line: 1 } })
  })

  test('is done by all processes at the same time', async () => {
    const path = await trailPath()
    const sinks = Array.from({ length: 6 }, () => agedSink(path, daily))
    for (let day = 0; day < 8; day++)
      await Promise.all(sinks.map((sink) => sink.write(eventsAt(day * DAY, day * DAY + 1))))
    await agedSink(path, daily).write(eventsAt(8 * DAY))
    expect(await verify(path)).toMatchObject({ kind: 'whole' })
    expect((await filesOf(path, '.jsonl')).length).toBeLessThanOrEqual(6 * 4 + 1)
  })

  test('does not delete what was made to look old', async () => {
    const path = await trailPath()
    const sink = agedSink(path, daily)
    await sink.write(eventsAt(0))
    await sink.write(eventsAt(DAY))
    const [first = ''] = await filesOf(path, '.jsonl')
    await chmod(first, 0o640)
    await writeFile(first, (await readFile(first, 'utf8')).replace('2026-11-29T12', '2025-11-29T12'))
    await sink.write(eventsAt(2 * DAY))
    expect(await filesOf(path, '.jsonl')).toContain(first)
    expect(await verify(path)).toMatchObject({ kind: 'broken', fault: { kind: 'edited', number: 1 } })
  })

  test('does not forgive what somebody else deletes', async () => {
    const path = await trailPath()
    const sink = agedSink(path, daily)
    for (const day of [0, 1, 2, 3, 4, 5, 6]) await sink.write(eventsAt(day * DAY))
    const [removal = '', ...others] = await filesOf(path, '.removed')
    expect(others).toEqual([])
    await writeFile(removal, (await readFile(removal, 'utf8')).replace(/"number":(\d+)/, '"number":1'))
    expect(await verify(path)).toMatchObject({ kind: 'broken', fault: { kind: 'removal_damaged' } })
  })

  test('deletes no segment of which a record is missing', async () => {
    const path = await trailPath()
    const sink = agedSink(path, daily)
    await sink.write(eventsAt(...Array.from({ length: 10 }, () => 0)))
    const [first = ''] = await filesOf(path, '.jsonl')
    await chmod(first, 0o640)
    await writeFile(first, (await readFile(first, 'utf8')).split('\n').toSpliced(2, 5).join('\n'))
    for (const day of [4, 5, 6]) await sink.write(eventsAt(day * DAY))
    expect(await filesOf(path, '.jsonl')).toContain(first)
    expect(await verify(path)).toMatchObject({ kind: 'broken', fault: { kind: 'missing', number: 3 } })
  })

  test('deletes nothing that was written lately, whatever the times of events say', async () => {
    const path = await trailPath()
    await fileSink(path, daily).write(eventsAt(0))
    await fileSink(path, daily).write(eventsAt(400 * DAY))
    expect(await filesOf(path, '.jsonl')).toHaveLength(2)
    expect(await verify(path)).toMatchObject({ kind: 'whole', records: 2 })
  })

  test('leaves what it can not read, and keeps events all the same', async () => {
    const path = await trailPath()
    await fileSink(path, daily).write(eventsAt(0))
    const unreadable = path.replace('.jsonl', '.20200101T000000-aaaaaaaaaaaa.000001.jsonl')
    await mkdir(unreadable)
    await agedSink(path, daily).write(eventsAt(5 * DAY))
    await rmdir(unreadable)
    expect(await filesOf(path, '.jsonl')).toHaveLength(1)
    expect(await verify(path)).toMatchObject({ kind: 'whole', records: 1 })
  })
})

/** A real disk can't be told when to fail: what file handles inherit can. */
async function handlePrototype(path: string): Promise<FileHandle> {
  const handle = await open(dirname(path), 'r')
  await handle.close()
  onTestFinished(() => void vi.restoreAllMocks())
  return Object.getPrototypeOf(handle)
}

describe('a failed write', () => {
  test('rejects while the directory is missing, and recovers when it is there', async () => {
    const path = join(dirname(await trailPath()), 'later', 'audit.jsonl')
    const sink = fileSink(path)
    const events = eventsAt(0, 1)
    await expect(sink.write(events)).rejects.toMatchObject({
      name: 'AuditError',
      code: 'ENOENT',
      message: expect.stringContaining(`the audit trail ${path} can't be written: ENOENT`),
    })
    await mkdir(dirname(path))
    await sink.write([...events, ...eventsAt(2)])
    await sink.close?.()
    expect(await verify(path)).toMatchObject({ kind: 'whole', records: 3 })
  })

  test.each(['json', 'ecs', 'ocsf', 'cef'] as const)(
    'loses no event behind one without a name (%s)',
    async (format) => {
      const path = await trailPath()
      const sink = fileSink(path, { format })
      const unnamed = eventAt(0, { event: undefined })
      await sink.write([unnamed, eventAt(1, { jti: 'behind' })])
      expect((await linesOf(path)).at(-1)).toContain('behind')
      expect(await verify(path)).toMatchObject({ kind: 'whole', records: 2 })
    },
  )

  test('loses no event behind one that can not be written', async () => {
    const path = await trailPath()
    const sink = fileSink(path)
    const broken = eventAt(1)
    Object.defineProperty(broken, 'sub', {
      get() {
        throw new Error('no')
      },
      ...{ configurable: true, enumerable: true },
    })
    const events = [eventAt(0), broken, eventAt(2)]
    await expect(sink.write(events)).rejects.toThrow('no')
    Object.defineProperty(broken, 'sub', { value: 'alice', enumerable: true })
    await sink.write(events)
    expect(await verify(path)).toMatchObject({ kind: 'whole', records: 3 })
  })

  test('cuts off its fragment in a copy that was put in the place of the segment', async () => {
    const path = await trailPath()
    const sink = fileSink(path)
    await sink.write(eventsAt(0, 1, 2))
    const [segment = ''] = await filesOf(path, '.jsonl')
    const prototype = await handlePrototype(path)
    vi.spyOn(prototype, 'write').mockImplementationOnce(function (this: FileHandle, line: unknown) {
      return this.write(Buffer.from(line as Buffer).subarray(0, 40))
    } as never)
    await copyFile(segment, `${segment}.copy`)
    await rename(`${segment}.copy`, segment)
    const events = eventsAt(3)
    await expect(sink.write(events)).rejects.toThrow('no more than 40 bytes')
    await sink.write(events)
    expect(await verify(path)).toMatchObject({ kind: 'whole', records: 4 })
  })

  test('is kept with sync only when a disk that failed has it', async () => {
    const path = await trailPath()
    const sink = fileSink(path, { sync: true })
    await sink.write(eventsAt(0))
    const prototype = await handlePrototype(path)
    const away = () => Promise.reject(new Error('EIO'))
    const synced = vi.spyOn(prototype, 'datasync')
    synced.mockImplementationOnce(away).mockImplementationOnce(away)
    const events = eventsAt(1)
    await expect(sink.write(events)).rejects.toThrow('EIO')
    await expect(sink.write(events)).rejects.toThrow('EIO')
    synced.mockClear()
    await sink.write(events)
    // The segment, and the head.
    expect(synced).toHaveBeenCalledTimes(2)
    expect(await verify(path)).toMatchObject({ kind: 'whole', records: 2 })
  })

  test('keeps each event once if only the head could not be written', async () => {
    const path = await trailPath()
    const sink = fileSink(path, { rotate: false })
    await sink.write(eventsAt(0))
    const [head = ''] = await filesOf(path, '.head')
    await rename(head, `${head}.away`)
    await mkdir(head)
    const events = eventsAt(1, 2)
    await expect(sink.write(events)).rejects.toThrow('EISDIR')
    await expect(sink.write(events)).rejects.toThrow('EISDIR')
    await rmdir(head)
    await sink.write([...events, ...eventsAt(3)])
    await sink.close?.()
    expect(await linesOf(path)).toHaveLength(4)
    expect(await verify(path)).toMatchObject({ kind: 'whole', records: 4 })
  })

  test('follows a file that logrotate has moved away', async () => {
    const path = await trailPath()
    const sink = fileSink(path, { rotate: false })
    await sink.write(eventsAt(0))
    await rename(path, `${path}.1`)
    await sink.write(eventsAt(1))
    await sink.close?.()
    expect(await linesOf(path)).toHaveLength(1)
    expect(await verify(path)).toMatchObject({ kind: 'whole', records: 2 })
  })

  test('ends the fragment of another process in a shared file', async () => {
    const path = await trailPath()
    const killed = fileSink(path, { rotate: false })
    await killed.write(eventsAt(0))
    await appendFile(path, '{"time":"2026-11-29T12:00:00.001Z","event":"session.st')
    const sink = fileSink(path, { rotate: false })
    await sink.write(eventsAt(2))
    await sink.close?.()
    expect((await readFile(path, 'utf8')).split('\n')).toHaveLength(4)
    expect(await verify(path)).toMatchObject({ kind: 'whole', records: 2, fragments: 1 })
  })

  test('counts a fragment that was repeated', async () => {
    const path = await trailPath()
    const sink = fileSink(path, { rotate: false })
    await sink.write(eventsAt(0, 1))
    await sink.close?.()
    const [first = '', second = ''] = await linesOf(path)
    await writeFile(path, `${first}\n${second.slice(0, -20)}\n${second}\n`)
    expect(await verify(path)).toMatchObject({ kind: 'whole', records: 2, fragments: 1 })
    await truncate(path, Buffer.byteLength(`${first}\n${second.slice(0, -20)}`))
    expect(await verify(path)).toMatchObject({
      kind: 'broken',
      fault: { kind: 'edited', number: 2, line: 2 },
    })
  })
})
