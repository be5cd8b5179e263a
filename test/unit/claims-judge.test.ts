import { type ClaimsPolicy, judgeClaims } from '@sallyport/claims-policy'
import { describe, expect, test } from 'vitest'
import { type ClaimsJudge, createClaimsJudge } from '../../packages/core/src/tokens/custom/claims-judge.ts'

type Claims = Readonly<Record<string, unknown>>

/** A judge, and how often claims were searched for leaks: a judgement that exempts every claim searches nothing. */
function counted(more: Partial<ClaimsPolicy> = {}): { readonly judge: ClaimsJudge; searches(): number } {
  let searches = 0
  const policy = { maxBytes: 4096, allowed: undefined, exempt: new Set<string>(), ...more }
  const judge = createClaimsJudge((claims: Claims, given) => {
    if (Object.keys(Object(claims)).some((name) => given.exempt?.has(name) !== true)) searches++
    return judgeClaims(claims, given)
  }, policy)
  return { judge, searches: () => searches }
}

describe('claims that were judged before', () => {
  test('are not searched again, and get the same verdict', () => {
    const { judge, searches } = counted()
    for (const _round of [1, 2, 3]) {
      expect(judge({ plan: 'pro', tenant: { id: 't-1' } })).toEqual({ kind: 'fit' })
      expect(judge({ contact: 'ada@example.com' })).toEqual({
        kind: 'leaking',
        leaks: [{ claim: 'contact', kind: 'email' }],
      })
    }
    expect(searches()).toBe(2)
  })

  test('are searched again once anything in them differs', () => {
    const { judge, searches } = counted()
    const variants: readonly Claims[] = [
      { note: 'a' },
      { note: 'b' },
      { note: ['a'] },
      { not: 'ea' },
      { note: { a: 1 } },
      { note: 'a', more: null },
    ]
    for (const claims of [...variants, ...variants]) expect(judge(claims)).toEqual({ kind: 'fit' })
    expect(searches()).toBe(variants.length)
    expect(judge({ note: 'ada@example.com' })).toMatchObject({ kind: 'leaking' })
  })

  test('do not lend their verdict to what only has the same JSON', () => {
    const { judge } = counted()
    class Note {
      readonly text = 'a'
    }
    for (const [plain, strange] of [
      [{ a: null }, { a: Number.NaN }],
      [{ a: [null] }, { a: [undefined] }],
      [{ a: { text: 'a' } }, { a: new Note() }],
      [{ a: 'x' }, { a: { toJSON: () => 'x' } }],
    ] as const) {
      expect(judge(strange)).toMatchObject({ kind: 'not_json' })
      expect(judge(plain)).toEqual({ kind: 'fit' })
      expect(judge(strange)).toMatchObject({ kind: 'not_json' })
    }
  })

  test('count as the same while only exempt claims differ, such as those that are encrypted anew', () => {
    const { judge, searches } = counted({ exempt: new Set(['sealed']) })
    for (const sealed of ['one', 'two', 'ada@example.com'])
      expect(judge({ plan: 'pro', sealed })).toEqual({ kind: 'fit' })
    expect(searches()).toBe(1)
    expect(judge({ plan: 'pro', sealed: 'x'.repeat(5000) })).toMatchObject({ kind: 'too_large' })
  })
})

test.each([
  [null, { kind: 'not_json', claim: '' }],
  [['a'], { kind: 'not_json', claim: '' }],
  [{ sub: 'x' }, { kind: 'reserved', claims: ['sub'] }],
  [{ other: 1 }, { kind: 'not_allowed', claims: ['other'] }],
])('claims that break another rule are refused each time: %j', (claims, verdict) => {
  const { judge } = counted({ allowed: new Set(['plan']) })
  for (const _round of [1, 2]) expect(judge(claims as unknown as Claims)).toEqual(verdict)
})
