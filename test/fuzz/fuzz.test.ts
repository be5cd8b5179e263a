import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { type Material, mutate } from './engine/mutate.ts'
import { createDice } from './engine/random.ts'
import { threeBytes } from './planted/three-bytes.ts'
import type { Opened } from './target.ts'
import { targets } from './targets/index.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
const MUTANTS = 100
const PATIENCE_MS = 300_000
const EXECUTIONS = 80_000

/** The inputs that once showed a fault. */
async function foundBy(name: string): Promise<readonly (readonly [string, Buffer])[]> {
  const folder = join(here, 'found', name)
  const files = await readdir(folder).catch(() => [])
  return Promise.all(files.map(async (file) => [file, await readFile(join(folder, file))] as const))
}

test('each target has the name of its file', async () => {
  const files = (await readdir(join(here, 'targets'))).filter((file) => file !== 'index.ts')
  expect(targets.map(({ name }) => `${name}.ts`).sort()).toEqual(files.sort())
})

test('whatever was found is of a target that is there', async () => {
  for (const name of await readdir(join(here, 'found')))
    expect(targets.map((one) => one.name)).toContain(name)
})

// The notices of what is refused, of which there are many.
beforeAll(() => void vi.spyOn(process, 'emitWarning').mockReturnValue())
afterAll(() => vi.restoreAllMocks())

describe.each(targets)('$name', ({ name, open, words = [], maxBytes = 4096 }) => {
  let opened: Opened
  beforeAll(async () => {
    opened = await open()
  }, PATIENCE_MS)
  afterAll(() => opened.close?.())

  test(
    'takes its seeds, and what was found',
    async () => {
      for (const seed of opened.seeds) await opened.run(Buffer.from(seed))
      for (const [file, input] of await foundBy(name))
        await expect((async () => opened.run(input))(), file).resolves.toBeUndefined()
    },
    PATIENCE_MS,
  )

  test(
    `takes ${MUTANTS} mutants of them`,
    async () => {
      const found = (await foundBy(name)).map(([, input]) => input)
      const corpus = [...opened.seeds.map((seed) => Buffer.from(seed)), ...found]
      const material: Material = { corpus, words, maxBytes, comparisons: [] }
      const dice = createDice(1)
      for (let time = 0; time < MUTANTS; time++) await opened.run(mutate(dice.pick(corpus), dice, material))
    },
    PATIENCE_MS,
  )
})

describe('a fault behind three certain bytes', () => {
  async function fuzzed(args: readonly string[]): Promise<readonly string[]> {
    const folder = await mkdtemp(join(tmpdir(), 'sallyport-fuzz-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const budget = ['--executions', String(EXECUTIONS), '--seconds', '600', '--seed', '2']
    const child = fork(
      join(here, 'engine/worker.ts'),
      ['--planted', '--target', threeBytes.name, '--folder', folder, ...budget, ...args],
      {
        execArgv: ['--import', join(here, 'engine/register.mjs'), '--no-warnings'],
        env: { ...process.env, INSTRUMENT: '1', NODE_OPTIONS: '' },
      },
    )
    const [code] = await once(child, 'exit')
    expect(code).toBe(0)
    return readdir(join(folder, threeBytes.name, 'found'))
  }

  test(
    'is found by coverage, and not by chance',
    async () => {
      const [guided, blind] = await Promise.all([fuzzed([]), fuzzed(['--blind'])])
      expect([guided.length, blind.length]).toEqual([1, 0])
    },
    PATIENCE_MS,
  )
})
