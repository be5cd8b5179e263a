import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { cycles } from './cycles.ts'
import { type Doors, staleNames, upwardRows, wrongDirections } from './direction-check.ts'
import { longHeart } from './habits/sizes.ts'
import { habits } from './habits.ts'
import { parseSource, type Source } from './source.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** The folders below `packages` and `examples`. */
function folders(kind: 'packages' | 'examples'): string[] {
  return readdirSync(root + kind).map((name) => `${kind}/${name}`)
}

function sourcesOf(folder: string): Source[] {
  const names = readdirSync(`${root}${folder}/src`, { recursive: true, encoding: 'utf8' })
  return names
    .map((name) => `${folder}/src/${name.replaceAll('\\', '/')}`)
    .filter((path) => /\.[cm]?[jt]sx?$/.test(path))
    .map((path) => parseSource(path, readFileSync(root + path, 'utf8')))
}

function doorsOf(folder: string): string[] {
  const manifest: { name: string; exports?: string | Record<string, unknown> } = JSON.parse(
    readFileSync(`${root}${folder}/package.json`, 'utf8'),
  )
  const { name, exports = {} } = manifest
  return typeof exports === 'string' ? [name] : Object.keys(exports).map((entry) => posix.join(name, entry))
}

const packages = folders('packages').flatMap(sourcesOf)
const all = [...packages, ...folders('examples').flatMap(sourcesOf)]
const doors: Doors = new Set([...folders('packages'), ...folders('examples')].flatMap(doorsOf))

describe('the sources', () => {
  test('are found', () => {
    expect(packages.length).toBeGreaterThan(50)
    expect(all.map((source) => source.path)).toContain('examples/express/src/framework.ts')
    expect(doors).toContain('@sallyport/express/augment')
  })

  test('import in the allowed directions, and other packages by their doors', () => {
    expect(wrongDirections(all, doors)).toEqual([])
  })

  test('that a newcomer reads first have less than a thousand lines', () => {
    expect(longHeart(packages)).toEqual([])
  })

  test('have no import cycles', () => {
    expect(cycles(all)).toEqual([])
  })
})

describe('the table', () => {
  test('names only what is there', () => {
    expect(staleNames(all, doors)).toEqual([])
  })

  test('reads downwards', () => {
    expect(upwardRows()).toEqual([])
  })
})

describe('the packages have no', () => {
  for (const [name, check] of Object.entries(habits))
    test(name, () => {
      expect(check(packages)).toEqual([])
    })
})
