import { createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { appendFile, chmod, copyFile, readFile, rename, stat, unlink, writeFile } from 'node:fs/promises'
import { readHeads, verifyTrail } from '@sallyport/audit'
import { describe, expect, test } from 'vitest'
import {
  age,
  DAY,
  eventAt,
  eventsAt,
  fileSink,
  filesOf,
  HOUR,
  key,
  linesOf,
  trailPath,
  verify,
} from './trail.ts'

async function writtenTrail(): Promise<{ path: string; segments: string[] }> {
  const path = await trailPath()
  for (const ms of [0, 1000]) {
    const sink = fileSink(path)
    await sink.write(eventsAt(ms, ms, ms))
    await sink.close?.()
  }
  return { path, segments: await filesOf(path, '.jsonl') }
}

const editFile = async (file: string, edit: (text: string) => string): Promise<void> =>
  writeFile(file, edit(await readFile(file, 'utf8')))

describe('verifyTrail', () => {
  test('says of another key that it is the wrong one', async () => {
    const { path } = await writtenTrail()
    const verdict = await verifyTrail({ path, key: randomBytes(32) })
    expect(verdict).toMatchObject({ kind: 'broken', fault: { kind: 'wrong_key' }, records: 0 })
  })

  test('takes the key as text, in base64 and base64url', async () => {
    const { path } = await writtenTrail()
    for (const encoding of ['base64', 'base64url'] as const)
      expect(await verifyTrail({ path, key: key.toString(encoding) })).toMatchObject({ kind: 'whole' })
  })

  test('says where each process begins and ends', async () => {
    const { path } = await writtenTrail()
    const verdict = await verify(path)
    expect(verdict).toMatchObject({ kind: 'whole', records: 6 })
    expect(verdict.kind === 'whole' && verdict.processes).toEqual([
      { processId: expect.stringMatching(/^20261129T120000-/), first: 1, last: 3, state: 'sealed' },
      { processId: expect.stringMatching(/^20261129T120001-/), first: 1, last: 3, state: 'sealed' },
    ])
  })

  test('finds a head that was edited, exchanged or is no head', async () => {
    const edits: readonly ((text: string) => string)[] = [
      (text) => text.replace('"number":3', '"number":2'),
      (text) => text.replace('"sealed":true', '"sealed":false'),
      (text) => text.slice(0, -20),
      () => 'null',
      () => '',
    ]
    for (const edit of edits) {
      const { path } = await writtenTrail()
      const [head = ''] = await filesOf(path, '.head')
      await editFile(head, edit)
      const fault = { kind: 'head_damaged', file: head }
      expect(await verify(path)).toMatchObject({ kind: 'broken', fault })
    }
    const { path } = await writtenTrail()
    const [one = '', other = ''] = await filesOf(path, '.head')
    await copyFile(other, one)
    expect(await verify(path)).toMatchObject({ kind: 'broken', fault: { kind: 'head_damaged', file: one } })
  })

  test('may run while processes begin, write and delete', async () => {
    const path = await trailPath()
    const verdicts: Promise<string>[] = []
    for (let day = 0; day < 20; day++) {
      const sinks = [1, 2, 3].map(() => fileSink(path, { rotate: { hours: 1 }, retentionDays: 1 }))
      await age(path)
      const writes = sinks.map((sink) => sink.write(eventsAt(day * DAY, day * DAY)))
      verdicts.push(verify(path).then(({ kind }) => kind))
      await Promise.all(writes)
      await sinks[day % 3]?.close?.()
    }
    expect(await Promise.all(verdicts)).not.toContain('broken')
    expect(await verify(path)).toMatchObject({ kind: 'whole' })
  })

  test('finds an element that was moved within its line', async () => {
    const { path, segments } = await writtenTrail()
    await editFile(segments[0] ?? '', (text) => text.replace(/("chain":")([^"]+)("\})$/m, '$1$3$2'))
    expect(await verify(path)).toMatchObject({ kind: 'broken', fault: { kind: 'edited', line: 1 } })
  })

  test('checks what decision 32 says that is written', async () => {
    const { segments } = await writtenTrail()
    const recordKey = Buffer.from(hkdfSync('sha256', key, '', 'sallyport audit record v1', 32))
    let previous = ''
    for (const line of (await readFile(segments[0] ?? '', 'utf8')).trimEnd().split('\n')) {
      const [, before = '', processId, number, mac, after] =
        /^(.*)(\d{8}T\d{6}-[0-9a-f]{12})\.(\d+)\.([\w-]{43})("\})$/.exec(line) ?? []
      const fields = [previous, processId, number, Buffer.byteLength(before), `${before}${after}`].join('\n')
      expect(createHmac('sha256', recordKey).update(fields).digest('base64url')).toBe(mac)
      previous = mac ?? ''
    }
    expect(previous).not.toBe('')
  })

  test('finds a segment that was given to another process', async () => {
    const { path, segments } = await writtenTrail()
    const [one = '', other = ''] = segments
    await rename(one, other)
    const fault = { kind: 'foreign', file: other, line: 1 }
    expect(await verify(path)).toMatchObject({ kind: 'broken', fault })
  })

  test('finds a fragment in a segment that is complete', async () => {
    const path = await trailPath()
    const sink = fileSink(path, { rotate: { hours: 1 } })
    for (const ms of [0, HOUR]) await sink.write(eventsAt(ms))
    const [first = '', last = ''] = await filesOf(path, '.jsonl')
    await chmod(first, 0o640)
    await appendFile(last, '{"time":"2026-11')
    expect(await verify(path)).toMatchObject({ kind: 'whole', fragments: 1 })
    await appendFile(first, '{"time":"2026-11')
    const fault = { kind: 'foreign', file: first, line: 2 }
    expect(await verify(path)).toMatchObject({ kind: 'broken', fault })
  })

  test('takes attempts at the same line for one fragment', async () => {
    const path = await trailPath()
    await fileSink(path, { rotate: false }).write(eventsAt(0))
    const attempt = '{"time":"2026-11-29T12:00:01.000Z","event":"session.st'
    await appendFile(path, `${attempt}\n${attempt.slice(0, 40)}\n${attempt}arted`)
    expect(await verify(path)).toMatchObject({ kind: 'whole', records: 1, fragments: 3 })
    await appendFile(path, `\n${attempt.replace('01.000Z', '02.000Z')}`)
    const fault = { kind: 'foreign', line: 5 }
    expect(await verify(path)).toMatchObject({ kind: 'broken', fault, fragments: 3 })
  })

  test('may run while logrotate moves files', async () => {
    const path = await trailPath()
    const sink = fileSink(path, { rotate: false })
    const batch = () => Array.from({ length: 300 }, () => eventAt(0))
    const verdicts: Promise<string>[] = []
    for (let round = 0; round < 10; round++) {
      await sink.write(batch())
      verdicts.push(verify(path).then(({ kind }) => kind))
      // Lets it open some of the files.
      for (let turn = 0; turn < round; turn++) await stat(path)
      for (let index = round; index > 0; index--) await rename(`${path}.${index}`, `${path}.${index + 1}`)
      await rename(path, `${path}.1`)
    }
    expect(new Set(await Promise.all(verdicts))).toEqual(new Set(['whole']))
  })

  test('finds a fragment where none can be', async () => {
    const { path, segments } = await writtenTrail()
    // The process has sealed its trail, so it can't have been killed.
    await editFile(segments[0] ?? '', (text) => `${text}{"time":"2026-11`)
    await editFile(segments[1] ?? '', (text) => `${text}{"time":"2026-11`)
    expect(await verify(path)).toMatchObject({ kind: 'broken', fault: { kind: 'foreign', line: 4 } })
  })

  test('finds that a process is missing altogether only by heads that were kept elsewhere', async () => {
    const { path, segments } = await writtenTrail()
    const { heads, damaged } = await readHeads(path)
    expect(damaged).toEqual([])
    const [head = ''] = await filesOf(path, '.head')
    await Promise.all([segments[0] ?? '', head].map((file) => unlink(file)))
    expect(await verify(path)).toMatchObject({ kind: 'whole', records: 3 })
    const verdict = await verifyTrail({ path, key, heads })
    const { processId } = heads[0] ?? {}
    expect(verdict).toMatchObject({ kind: 'broken', fault: { kind: 'head_missing', processId } })
  })

  test('finds a head kept elsewhere that was edited', async () => {
    const { path } = await writtenTrail()
    const { heads } = await readHeads(path)
    const edited = heads.map((head) => ({ ...head, number: 2 }))
    expect(await verifyTrail({ path, key, heads: edited })).toMatchObject({
      kind: 'broken',
      fault: { kind: 'head_damaged' },
    })
  })

  test('reads a line of any length, and any bytes', async () => {
    const { path, segments } = await writtenTrail()
    await writeFile(segments[1] ?? '', randomBytes(3_000_000))
    expect(await verify(path)).toMatchObject({ kind: 'broken' })
  })

  test('keeps to one line an event, whatever strangers put into it', async () => {
    const path = await trailPath()
    const sink = fileSink(path, { rotate: false })
    const strangers = Array.from({ length: 2000 }, (_, index) => hostile(index))
    await sink.write(strangers.map((text) => eventAt(0, { user_agent: text, sub: text })))
    await sink.close?.()
    const lines = await linesOf(path)
    expect(lines.map((line) => JSON.parse(line).user_agent)).toEqual(strangers)
    expect(await verify(path)).toMatchObject({ kind: 'whole', records: 2000 })
  })
})

const PIECES = [
  '"}',
  '\n',
  '\r\n',
  '\u2028',
  ',"chain":"x.1.y"}',
  '\\',
  '\u0000',
  '\ud800',
  '|',
  '=',
  '{"time":"',
]

/** Strings that sinks never get, since events are clean. */
function hostile(index: number): string {
  const at = (shift: number): string => PIECES[(index + shift * 7) % PIECES.length] ?? ''
  return `${at(0)}${index}${at(index % 5)}${at(index % 3)}`
}
