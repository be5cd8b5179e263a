import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { compile, examplesOfPage, examplesOfSource } from './examples.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const packages = readdirSync(`${root}packages`).map((name) => `packages/${name}`)
const startingPages = [
  'README.md',
  ...['express', 'koa', 'fastify'].map((framework) => `docs/guide/${framework}.md`),
  ...packages.map((folder) => `${folder}/README.md`),
]
const pages = [
  ...pagesIn('.'),
  ...pagesIn('docs'),
  ...pagesIn('docs/decisions'),
  ...pagesIn('docs/guide'),
  ...pagesIn('docs/zh'),
  ...pagesIn('lab'),
  ...packages.flatMap(pagesIn),
]
const sources = packages.flatMap((folder) =>
  readdirSync(`${root}${folder}/src`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/src/${name}`),
)

/** The Markdown pages of a folder, without those of its sub-folders. */
function pagesIn(folder: string): string[] {
  return readdirSync(root + folder)
    .filter((name) => name.endsWith('.md'))
    .map((name) => posix.join(folder, name))
}

/** Several compilers start at once, and a busy machine may have one core for all of them. */
const COMPILERS_MS = 180_000

const read = (path: string): string => readFileSync(root + path, 'utf8')
const examples = [
  ...pages.flatMap((page) => examplesOfPage(page, read(page))),
  ...sources.flatMap((source) => examplesOfSource(source, read(source))),
]

describe('the examples', () => {
  let said: readonly string[] = []
  beforeAll(async () => {
    said = await compile(examples)
  }, COMPILERS_MS)

  test.each([...new Set(examples.map(({ page }) => page))])('of %s compile as they stand', (page) => {
    expect(said.filter((line) => line.startsWith(`${page}:`))).toEqual([])
  })

  test('are all that the compiler has something to say about', () => {
    expect(said.filter((line) => !examples.some(({ page }) => line.startsWith(`${page}:`)))).toEqual([])
  })

  test.each(startingPages)('are on %s', (page) => {
    expect(examples.map((example) => example.page)).toContain(page)
  })
})

describe('a wrong example', () => {
  const page = (...lines: string[]): string => lines.join('\n')

  test('is found in its line of the page', async () => {
    const text = page(
      '# A page',
      '',
      '```sh',
      'ls',
      '```',
      '',
      '```ts',
      'const first = 1',
      'const n: number = "1"',
      '```',
    )
    expect(await compile(examplesOfPage('a.md', text))).toEqual([
      "a.md:9: error TS2322: Type 'string' is not assignable to type 'number'.",
    ])
  })

  test('is found in a docstring', async () => {
    const source = page(
      '/**',
      ' * Counts.',
      ' *',
      ' * @example',
      ' * ```ts',
      " * count('1', 2)",
      ' * ```',
      ' */',
    )
    expect(await compile(examplesOfSource('a.ts', source))).toEqual([
      "a.ts:6: error TS2304: Cannot find name 'count'.",
    ])
  })
})
