import { createWriteStream } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { PassThrough, Writable } from 'node:stream'
import { toStream, verifyTrail } from '@sallyport/audit'
import { expect, test } from 'vitest'
import { eventAt, eventsAt, key, trailPath } from './trail.ts'

const textOf = (stream: PassThrough): string => (stream.read() as Buffer).toString()

test('a stream gets one event a line, and no chain without a key', async () => {
  const stream = new PassThrough()
  const sink = toStream(stream)
  const events = eventsAt(0, 1)
  await sink.write(events)
  expect(textOf(stream)).toBe(events.map((event) => `${JSON.stringify(event)}\n`).join(''))
})

test('a batch is kept when the stream has taken it, however slow it is', async () => {
  const taken: (() => void)[] = []
  const stream = new Writable({
    highWaterMark: 1,
    write: (_chunk, _encoding, done) => {
      taken.push(done)
    },
  })
  let isKept = false
  const written = toStream(stream)
    .write(eventsAt(0))
    .then(() => {
      isKept = true
    })
  await new Promise(setImmediate)
  expect(isKept).toBe(false)
  taken[0]?.()
  await written
})

test('lines that were saved from a stream verify, wherever they begin and end', async () => {
  const path = await trailPath()
  const stream = new PassThrough()
  const sinks = [toStream(stream, { key }), toStream(stream, { key })]
  for (const ms of [0, 1, 2, 3]) for (const sink of sinks) await sink.write([eventAt(ms)])
  const lines = textOf(stream).split('\n').slice(0, -1)
  await writeFile(path, `${lines.slice(3, -1).join('\n')}\n`)
  expect(await verifyTrail({ path, key, stream: true })).toMatchObject({ kind: 'whole' })
  await writeFile(path, `${lines.toSpliced(3, 1).join('\n')}\n`)
  expect(await verifyTrail({ path, key, stream: true })).toMatchObject({
    ...{ kind: 'broken', fault: { kind: 'missing', number: 2, line: 5 } },
  })
})

async function savedStream(): Promise<{ path: string; lines: string[] }> {
  const stream = new PassThrough()
  const sink = toStream(stream, { key })
  for (const ms of [0, 1, 2, 3]) await sink.write([eventAt(ms)])
  return { path: await trailPath(), lines: textOf(stream).split('\n').slice(0, -1) }
}

const MADE_UP = `20261129T120000-aaaaaaaaaaaa.7.${'A'.repeat(43)}`

test('a made-up line of a made-up process is found among lines of a stream', async () => {
  const { path, lines } = await savedStream()
  const forged = (lines[2] ?? '').replace(/(?<="chain":")[^"]+/, MADE_UP)
  await writeFile(path, `${lines.toSpliced(2, 0, forged).join('\n')}\n`)
  const verdict = await verifyTrail({ path, key, stream: true })
  expect(verdict).toMatchObject({ kind: 'broken', fault: { kind: 'foreign', line: 3 }, records: 4 })

  const second = forged.replace('.7.', '.8.')
  await writeFile(path, `${lines.toSpliced(2, 0, forged, second).join('\n')}\n`)
  expect(await verifyTrail({ path, key, stream: true })).toMatchObject({
    ...{ kind: 'broken', fault: { kind: 'edited', line: 4 }, records: 4 },
  })
})

test('the first line of a stream that lacks its beginning does not count as verified', async () => {
  const { path, lines } = await savedStream()
  await writeFile(path, `${lines.join('\n')}\n`)
  expect(await verifyTrail({ path, key, stream: true })).toMatchObject({
    ...{ kind: 'whole', records: 4, unverified: 0 },
  })
  const [, second = '', ...others] = lines
  await writeFile(path, `${[second.replace('alice', 'mallo'), ...others].join('\n')}\n`)
  expect(await verifyTrail({ path, key, stream: true })).toMatchObject({
    ...{ kind: 'whole', records: 2, unverified: 1 },
  })
  const [third = '', ...rest] = others
  await writeFile(path, `${[second, third.replace('alice', 'mallo'), ...rest].join('\n')}\n`)
  expect(await verifyTrail({ path, key, stream: true })).toMatchObject({
    ...{ kind: 'broken', fault: { kind: 'edited', line: 2, number: 3 }, records: 1, unverified: 1 },
  })
})

test('a stream that fails rejects the write, and ends no process', async () => {
  const stream = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) })
  const sink = toStream(stream)
  await expect(sink.write(eventsAt(0))).rejects.toMatchObject({
    ...{ name: 'AuditError', code: 'ERR_AUDIT', message: 'the stream of the audit trail failed: EPIPE' },
  })
  await sink.close?.()
})

test('an error that the stream emits after the sink is closed ends no process', async () => {
  const stream = createWriteStream('/dev/full')
  const sink = toStream(stream)
  await expect(sink.write(eventsAt(0))).rejects.toThrow('ENOSPC')
  await sink.close?.()
  // Without a listener, this error is an uncaught exception.
  const [error] = await new Promise<unknown[]>((resolve) => {
    const { emit } = stream
    stream.emit = (name: string, ...args: unknown[]) => {
      if (name === 'error') resolve(args)
      return emit.call(stream, name as never, ...(args as never[]))
    }
  })
  expect(error).toMatchObject({ code: 'ENOSPC' })
})
