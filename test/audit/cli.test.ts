import { execFile } from 'node:child_process'
import { readFile, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { eventsAt, fileSink, filesOf, HOUR, key, trailPath } from './trail.ts'

const program = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url))
const AUDIT_KEY = key.toString('base64')

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function sallyport(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr })
    })
  })
}

const verify = (path: string, ...flags: readonly string[]): Promise<Ended> =>
  sallyport(['audit', 'verify', path, ...flags], { AUDIT_KEY })

/** Three processes, each with two segments of three records. */
async function writtenTrail(): Promise<{ path: string; segments: string[] }> {
  const path = await trailPath()
  const sinks = [1, 2, 3].map(() => fileSink(path, { rotate: { hours: 1 } }))
  for (const ms of [0, HOUR]) for (const sink of sinks) await sink.write(eventsAt(ms, ms, ms))
  await sinks[0]?.close?.()
  return { path, segments: await filesOf(path, '.jsonl') }
}

async function editLines(file: string, edit: (lines: string[]) => string[]): Promise<void> {
  const lines = (await readFile(file, 'utf8')).split('\n').slice(0, -1)
  await writeFile(
    file,
    edit(lines)
      .map((line) => `${line}\n`)
      .join(''),
  )
}

describe('sallyport audit verify', () => {
  test('says of a whole trail so, process by process', async () => {
    const { path } = await writtenTrail()
    const { code, stdout, stderr } = await verify(path)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^PROCESS +RECORDS +STATE\n/)
    expect(stdout.match(/^20261129T120000-[0-9a-f]{12} +1 to 6 +(open|sealed)$/gm)).toHaveLength(3)
    expect(stdout).toContain('The trail is whole: 18 records of 3 processes.\n')
  })

  test.each([
    {
      name: 'a record that was deleted',
      edit: (lines: string[]) => lines.toSpliced(1, 1),
      says: /BROKEN: record 2 of process \S+ is missing here/,
      line: 2,
    },
    {
      name: 'a record that was edited',
      edit: (lines: string[]) =>
        lines.map((line, index) => (index === 1 ? line.replace('alice', 'mallo') : line)),
      says: /BROKEN: record 2 of process \S+ was edited/,
      line: 2,
    },
    {
      name: 'records that changed places',
      edit: ([one = '', two = '', three = '']: string[]) => [one, three, two],
      says: /BROKEN: records of process \S+ have changed places: record 2 should stand here/,
      line: 2,
    },
    {
      name: 'a record that is there twice',
      edit: ([one = '', ...others]: string[]) => [one, one, ...others],
      says: /BROKEN: record 1 of process \S+ is there twice/,
      line: 2,
    },
    {
      name: 'a line of somebody else',
      edit: (lines: string[]) => lines.toSpliced(1, 0, 'hello'),
      says: /BROKEN: this line is no record of the trail/,
      line: 2,
    },
  ])('finds $name, and says where', async ({ edit, says, line }) => {
    const { path, segments } = await writtenTrail()
    await editLines(segments[2] ?? '', edit)
    const { code, stdout } = await verify(path)
    expect(code).toBe(1)
    expect(stdout).toMatch(says)
    expect(stdout).toContain(`${segments[2]}, line ${line}\n`)
  })

  test('finds an end that was cut, and a segment that was deleted', async () => {
    const { path, segments } = await writtenTrail()
    await editLines(segments[1] ?? '', (lines) => lines.slice(0, 1))
    const cut = await verify(path)
    expect(cut).toMatchObject({ code: 1, stdout: expect.stringContaining('is missing, from record 5 on') })
    await unlink(segments[1] ?? '')
    const deleted = await verify(path)
    expect(deleted).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('is missing, from record 4 on'),
    })
  })

  test('takes the key from a file, and heads that were kept elsewhere', async () => {
    const { path, segments } = await writtenTrail()
    const [keyFile, headsFile] = ['key', 'heads'].map((name) => join(path, '..', name))
    await writeFile(keyFile ?? '', `${AUDIT_KEY}\n`)
    const heads = await sallyport(['audit', 'heads', path])
    expect(heads).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(heads.stdout)).toHaveLength(3)
    await writeFile(headsFile ?? '', heads.stdout)
    const args = ['audit', 'verify', path, '--key-file', keyFile ?? '', '--heads', headsFile ?? '']
    expect(await sallyport(args)).toMatchObject({ code: 0 })

    // As editors on Windows save them.
    await writeFile(keyFile ?? '', `\ufeff${AUDIT_KEY}\r\n`)
    await writeFile(headsFile ?? '', `\ufeff${heads.stdout}`)
    expect(await sallyport(args)).toMatchObject({ code: 0 })

    const processId = /audit\.([^.]+)\./.exec(segments[0] ?? '')?.[1] ?? ''
    for (const file of await filesOf(path, '')) if (file.includes(processId)) await unlink(file)
    expect(await verify(path)).toMatchObject({ code: 0 })
    const { code, stdout } = await sallyport(args)
    expect({ code, stdout }).toMatchObject({
      ...{ code: 1, stdout: expect.stringContaining(`the head of process ${processId} is missing`) },
    })
  })

  test('says which records of a stream it could not verify', async () => {
    const { path, segments } = await writtenTrail()
    const saved = join(path, '..', 'saved.jsonl')
    await writeFile(saved, (await readFile(segments[0] ?? '', 'utf8')).split('\n').slice(1).join('\n'))
    const { code, stdout } = await verify(saved, '--stream')
    expect(code).toBe(0)
    expect(stdout).toContain('1 more record was NOT verified: the one before is missing.')
  })

  test('prints the verdict as JSON', async () => {
    const { path, segments } = await writtenTrail()
    await editLines(segments[0] ?? '', (lines) => lines.slice(1))
    const { code, stdout } = await verify(path, '--json')
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ kind: 'broken', fault: { kind: 'missing', file: segments[0], line: 1, number: 1 } },
    })
  })

  test('says of another key that it is the wrong one', async () => {
    const { path } = await writtenTrail()
    const { code, stdout } = await sallyport(['audit', 'verify', path], { AUDIT_KEY: 'A'.repeat(43) })
    expect({ code, stdout }).toMatchObject({
      ...{ code: 1, stdout: expect.stringContaining('BROKEN: nothing here was written under this key') },
    })
  })
})

describe('what can not be done ends with 2, and says why', () => {
  const cases: readonly {
    readonly args: readonly string[]
    readonly env?: Readonly<Record<string, string>>
    readonly says: string
  }[] = [
    { args: ['audit', 'verify', '/tmp/x'], says: 'the key is missing: set AUDIT_KEY, or give --key-file' },
    { args: ['audit', 'verify'], says: "missing required argument 'path'" },
    { args: ['audit', 'verify', '/tmp/x', '--key', 'x'], says: "unknown option '--key'" },
    { args: ['audit', 'verify', '/tmp/x', '--key=hunter2'], says: "unknown option '--key'" },
    {
      args: ['audit', 'verify', '/tmp/x', '--key-file', 'hunter2'],
      says: "the file of --key-file can't be read: ENOENT",
    },
    {
      args: ['audit', 'verify', '/x/audit.20261129T195739-5f2c0a1b9d3e.000001.jsonl'],
      env: { AUDIT_KEY },
      says: 'is only a part of a trail: give the path of the trail, which is /x/audit.jsonl\n',
    },
    {
      args: ['audit', 'heads', '/x/audit.20261129T195739-5f2c0a1b9d3e.jsonl.head'],
      env: { AUDIT_KEY },
      says: 'is only a part of a trail: give the path of the trail, which is /x/audit.jsonl\n',
    },
    {
      args: ['audit', 'verify', '/x/audit.20261129T195739-5f2c0a1b9d3e.000003.jsonl.removed'],
      env: { AUDIT_KEY },
      says: 'is only a part of a trail: give the path of the trail, which is /x/audit.jsonl\n',
    },
    {
      args: ['audit', 'verify', '/x/audit.20261129T195739-5f2c0a1b9d3e.000001'],
      env: { AUDIT_KEY },
      says: 'is only a part of a trail: give the path of the trail, which is /x/audit\n',
    },
    { args: ['audit', 'verfy', '/tmp/x'], says: "unknown command 'verfy'" },
    { args: [], says: 'Usage: sallyport' },
    {
      args: ['audit', 'verify', '/tmp/x'],
      env: { AUDIT_KEY: 'hunter2' },
      says: 'the key must be 32 random bytes',
    },
    { args: ['audit', 'verify', '/nowhere/audit.jsonl'], env: { AUDIT_KEY }, says: 'ENOENT' },
    { args: ['audit', 'heads', '/nowhere/audit.jsonl'], says: "the trail can't be read: ENOENT" },
    {
      args: ['audit', 'verify', `${import.meta.dirname}/none.jsonl`],
      env: { AUDIT_KEY },
      says: 'there is no audit trail at',
    },
    { args: ['audit', 'heads', `${import.meta.dirname}/none.jsonl`], says: 'there is no audit trail at' },
    {
      args: ['audit', 'verify', '/tmp/x', '--heads', fileURLToPath(import.meta.url)],
      env: { AUDIT_KEY },
      says: 'is no output of "sallyport audit heads"',
    },
    {
      args: [
        'audit',
        'verify',
        '/tmp/x',
        '--heads',
        fileURLToPath(new URL('../../package.json', import.meta.url)),
      ],
      env: { AUDIT_KEY },
      says: 'the file of --heads must be an output of "sallyport audit heads"',
    },
  ]

  test.each(cases)('$args', async ({ args, env = {}, says }) => {
    const { code, stdout, stderr } = await sallyport(args, env)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(says)
    expect(stderr).not.toContain('hunter2')
  })
})

test('the help says how to use it, and what the exit codes mean', async () => {
  const { code, stdout } = await sallyport(['audit', 'verify', '--help'])
  expect(code).toBe(0)
  for (const word of ['<path>', '--key-file', '--heads', 'AUDIT_KEY', 'Exit codes: 0'])
    expect(stdout).toContain(word)
})
