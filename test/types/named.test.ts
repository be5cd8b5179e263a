import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const read = (path: string): string => readFileSync(root + path, 'utf8')

/** The tests that a page links to by what they claim. */
const named = [
  ...read('docs/guide/threat-model.md').matchAll(/\[([^\]]+)\]\(\.\.\/\.\.\/(test\/[^)]+)\)/g),
].map(([, claim = '', file = '']) => ({ claim, file }))

describe('the threat model', () => {
  test('names a test in each row about an attacker', () => {
    const rows = read('docs/guide/threat-model.md')
      .split('\n')
      .filter((line) => /^\| .*(?<!shown by) \|$/.test(line) && line.split('|').length === 5)
    const [, attackers = ''] = read('docs/guide/threat-model.md').split(
      /^## Attackers.*$|^## What is not.*$/m,
    )
    const told = rows.filter((row) => attackers.includes(row))
    expect(told.length).toBeGreaterThan(25)
    expect(told.filter((row) => !row.includes('../../test/'))).toEqual([])
  })

  test.each(named)('names what there is: $claim', ({ claim, file }) => {
    const claims = [...read(file).matchAll(/\b(?:test|describe)[\w.]*\([^'"`]*(['"`])(.*?)\1\s*,/g)].map(
      ([, , name = '']) => name,
    )
    expect(claims.some((one) => one.includes(claim))).toBe(true)
  })
})

describe('the page about the architecture', () => {
  const page = read('docs/guide/architecture.md')
  const paths = [...page.matchAll(/`((?:packages|test|docs|examples)\/[^`\s]+)`/g)].map(
    ([, path = '']) => path,
  )

  test('names files and folders', () => {
    expect(paths.length).toBeGreaterThan(40)
  })

  test.each([...new Set(paths)])('names what there is: %s', (path) => {
    expect(existsSync(root + path)).toBe(true)
  })

  test('has a drawing whose rooms are folders of the core, and which needs no other file', () => {
    const drawing = read('docs/architecture.svg')
    const rooms = [...drawing.matchAll(/>((?:\w+\/(?:, )?)+)</g)].flatMap(([, names = '']) =>
      names.split(', '),
    )
    expect(rooms.length).toBeGreaterThan(6)
    expect(rooms.filter((room) => !existsSync(`${root}packages/core/src/${room}`))).toEqual([])
    expect(drawing).not.toMatch(/<(?:image|script|use|foreignObject)\b|@import|url\((?!#)/)
  })
})
