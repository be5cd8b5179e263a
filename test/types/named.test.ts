import { readFileSync } from 'node:fs'
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
