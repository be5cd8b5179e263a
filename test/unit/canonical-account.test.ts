import { canonicalAccount } from '@sallyport/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'

test.each([
  ['case', 'Alice@Example.COM', 'alice@example.com'],
  ['white space at the ends', '\u00a0 alice\t\n', 'alice'],
  ['white space inside', 'alice  \u3000 smith', 'alice smith'],
  ['characters of another width', '\uff21lice', 'alice'],
  ['ligatures', '\ufb01ona', 'fiona'],
  ['marks of their own', 'Zoe\u0308', 'zo\u00eb'],
  ['characters that are not shown', 'al\u200bi\u00adce\ufeff', 'alice'],
  ['a letter with two lower cases', 'STRA\u00dfE', 'strasse'],
  ['and its upper case', 'STRA\u1e9eE', 'strasse'],
  ['the sign for Kelvin', '\u212aelvin', 'kelvin'],
  ['invisible characters among white space', 'a \u200b b', 'a b'],
  ['nothing but what is not shown', '\u200b \u00ad', ''],
])('%s do not tell names apart', (_what, name, expected) => {
  expect(canonicalAccount(name)).toBe(expected)
})

test('what differs otherwise stays different', () => {
  const names = ['alice', 'alicia', 'al ice', 'al.ice', '\u0430lice', '\u00e1lice', 'alice1']
  expect(new Set(names.map(canonicalAccount)).size).toBe(names.length)
})

function everyCharacter(): string[] {
  const points = Array.from({ length: 0x11_0000 }, (_, point) => point)
  return points
    .filter((point) => point < 0xd800 || point > 0xdfff)
    .map((point) => String.fromCodePoint(point))
}

test('the form of a form is the form, and neither case nor outer blanks change it, for every character', () => {
  const changed = everyCharacter().filter((character) => {
    const name = `a${character}b`
    const canonical = canonicalAccount(name)
    const others = [canonical, ` ${name.normalize('NFD')} `, name.toUpperCase(), name.toLowerCase()]
    return others.some((other) => canonicalAccount(other) !== canonical)
  })
  expect(changed).toEqual([])
})

test('nor for names of many characters', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (name) => {
      const canonical = canonicalAccount(name)
      expect(canonicalAccount(canonical)).toBe(canonical)
      expect(canonicalAccount(` ${name.normalize('NFD')} `)).toBe(canonical)
    }),
  )
})
