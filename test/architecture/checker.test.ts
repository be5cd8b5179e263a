import { describe, expect, test } from 'vitest'
import { cycles } from './cycles.ts'
import { staleNames, upwardRows, wrongDirections } from './direction-check.ts'
import { longHeart } from './habits/sizes.ts'
import { habits } from './habits.ts'
import { badHabits, goodHabits } from './planted/habits.ts'
import { rightImports, wrongImports } from './planted/imports.ts'
import { core, doors, surroundings } from './planted/planted.ts'
import { parseSource, type Source } from './source.ts'

const around = surroundings.map((path) => parseSource(path, ''))

/** The source, among those that it can import. */
function plant(path: string, text: string): Source[] {
  return [...around.filter((source) => source.path !== path), parseSource(path, text)]
}

/** What all rules find in the source. */
function found(path: string, text: string): string[] {
  const sources = plant(path, text)
  const written = Object.values(habits).flatMap((check) => check(sources))
  return [...wrongDirections(sources, doors), ...cycles(sources), ...written]
}

describe.each(Object.entries(wrongImports))('a wrong import is found: %s', (_, violations) => {
  test.each(violations)('%s: %s', (path, text, says) => {
    expect(found(path, text)).toEqual([expect.stringContaining(says)])
  })
})

describe('an import that the table allows is let through', () => {
  test.each(rightImports)('%s: %s', (path, text) => {
    expect(found(path, text)).toEqual([])
  })
})

describe.each(Object.entries(habits))('a bad habit is found: %s', (name, check) => {
  test.each(badHabits[name] ?? [])('%s: %s', (path, text, says) => {
    expect(check(plant(path, text))).toEqual([expect.stringContaining(says)])
    expect(found(path, text)).toHaveLength(1)
  })

  test.each(goodHabits[name] ?? [])('but not in %s: %s', (path, text) => {
    expect(found(path, text)).toEqual([])
  })

  test('is tried both ways', () => {
    expect(badHabits[name]?.length).toBeGreaterThan(0)
    expect(goodHabits[name]?.length).toBeGreaterThan(0)
  })
})

test('a finding names the file and the line', () => {
  const text = "const x = 1\n\nimport '../errors.ts'"
  expect(found(core('revocation/a'), text)).toEqual([
    'packages/core/src/revocation/a.ts:3 revocation must not import errors',
  ])
})

test('the files of an adapter count together', () => {
  const files = ['index', 'view'].map((name) => parseSource(`packages/koa/src/${name}.ts`, 'x\n'.repeat(61)))
  expect(habits['adapters of more than 120 lines']?.(files)).toEqual(['packages/koa/src has 122 lines'])
})

test('the files to read first count together', () => {
  const heart = ['sallyport', 'seam/http', 'sessions/rotate', 'revocation/replica', 'ports/sessions']
  const sources = (lines: number) => heart.map((name) => parseSource(core(name), 'x\n'.repeat(lines)))
  expect(longHeart(sources(200))).toEqual(['the files to read first have 1000 lines'])
  expect(longHeart([...sources(199), parseSource(core('sessions/open'), 'x\n'.repeat(250))])).toEqual([])
})

test('a cycle of three files is found, even where one imports only types', () => {
  const files = [
    parseSource(core('gate/a'), "import './b.ts'"),
    parseSource(core('gate/b'), "import type { C } from './c.ts'"),
    parseSource(core('gate/c'), "export * from './a.ts'"),
  ]
  expect(cycles(files)).toEqual([[...files, files[0]].map((source) => source?.path).join(' -> ')])
  expect(cycles(files.slice(1))).toEqual([])
})

test('the row of a file goes before the row of its folder', () => {
  const table = { errors: [], gate: ['errors'], 'gate/plain': [] }
  const judged = (name: string, text: string): string[] =>
    wrongDirections([...plant(core(name), text), parseSource(core('gate/plain'), '')], doors, table).filter(
      (one) => one.includes(':'),
    )
  expect(judged('gate/a', "import '../errors.ts'")).toEqual([])
  expect(judged('gate/plainer', "import '../errors.ts'")).toEqual([])
  expect(judged('gate/plain', "import '../errors.ts'")).toHaveLength(1)
  expect(judged('gate/plain', "import './routes.ts'")).toHaveLength(1)
  expect(judged('gate/a', "import './plain.ts'")).toHaveLength(1)
})

test('a name in the table that nothing goes by is found', () => {
  const table = { gate: ['type errors', 'jose', '@sallyport/core/store'], 'gate/routes': ['seam/auth'] }
  expect(staleNames(around, doors, table)).toEqual([])
  expect(staleNames(around, doors, { gates: ['type error', 'josé', '@sallyport/core/shop'] })).toHaveLength(4)
})

test('a row that names one below it is found', () => {
  expect(upwardRows({ errors: [], keys: ['errors', 'type tokens'], tokens: ['keys', 'jose'] })).toEqual([
    'keys',
  ])
})

test('a source that cannot be parsed is not skipped', () => {
  expect(() => parseSource(core('gate/a'), 'const = 1')).toThrow(SyntaxError)
})
