import { describe, expect, test } from 'vitest'
import type { TokenScheme } from '../../packages/core/src/gate/answers/challenge.ts'
import { type Credential, createTokenSchemes } from '../../packages/core/src/gate/credentials.ts'
import { viewOf } from './view.ts'

const token = (text: string, scheme: TokenScheme = 'Bearer'): Credential => ({
  kind: 'token',
  scheme,
  token: text,
})
const { read: readCredential } = createTokenSchemes(undefined)
const { read: readEither } = createTokenSchemes(['ES256'])
const NONE: Credential = { kind: 'none' }
const MALFORMED: Credential = { kind: 'malformed', scheme: 'Bearer' }
const REPEATED: Credential = { kind: 'repeated' }

const headers: readonly (readonly [string, Credential])[] = [
  ['Bearer abc.def.ghi', token('abc.def.ghi')],
  ['bearer abc', token('abc')],
  ['BEARER abc', token('abc')],
  ['bEaReR abc', token('abc')],
  ['Bearer   abc', token('abc')],
  ['Bearer abc def', token('abc def')],
  ['Bearer "abc"', token('"abc"')],
  ['Bearer abc ', token('abc ')],
  ['Bearer', MALFORMED],
  ['Bearer ', MALFORMED],
  ['Bearer\tabc', MALFORMED],
  ['Bearer,abc', MALFORMED],
  ['Bearer=abc', MALFORMED],
  ['', NONE],
  ['abc', NONE],
  ['Basic YWxpY2U6c2VjcmV0', NONE],
  ['DPoP abc', NONE],
  ['Bearers abc', NONE],
  ['Bear abc', NONE],
  ['Token Bearer abc', NONE],
  [' Bearer abc', NONE],
  ['Ｂearer abc', NONE],
]

describe('the header Authorization', () => {
  for (const [value, expected] of headers)
    test(`${JSON.stringify(value)} gives ${JSON.stringify(expected)}`, () => {
      expect(readCredential(viewOf({ headers: { authorization: value } }))).toEqual(expected)
    })

  for (const [value, expected] of headers.filter(([value]) => !/^dpop/i.test(value)))
    test(`${JSON.stringify(value)} gives the same where bound tokens are accepted`, () => {
      expect(readEither(viewOf({ headers: { authorization: value } }))).toEqual(expected)
    })

  test.each([
    ['DPoP abc', token('abc', 'DPoP')],
    ['dpop abc', token('abc', 'DPoP')],
    ['DPOP   abc', token('abc', 'DPoP')],
    ['DPoP', { kind: 'malformed', scheme: 'DPoP' }],
    ['DPoP ', { kind: 'malformed', scheme: 'DPoP' }],
    ['dpop\tabc', { kind: 'malformed', scheme: 'DPoP' }],
    ['DPoPs abc', NONE],
    ['DPo abc', NONE],
  ] as const)('%j gives %j where bound tokens are accepted', (value, expected) => {
    expect(readEither(viewOf({ headers: { authorization: value } }))).toEqual(expected)
    expect(readCredential(viewOf({ headers: { authorization: value } }))).toEqual(NONE)
  })

  test('that is not there gives none', () => {
    expect(readCredential(viewOf({}))).toEqual(NONE)
  })

  test.each([
    ['in other letters', ['Authorization', 'Bearer a', 'AUTHORIZATION', 'Bearer a']],
    ['with another scheme', ['authorization', 'Bearer a', 'Accept', '*/*', 'authorization', 'Basic b']],
    ['empty', ['Authorization', 'Bearer a', 'Authorization', '']],
  ])('sent twice, the second time %s, is refused', (_how, rawHeaders) => {
    expect(readCredential(viewOf({ headers: { authorization: 'Bearer a' }, rawHeaders }))).toEqual(REPEATED)
  })

  test('is not counted where it is the value of another', () => {
    const rawHeaders = ['Authorization', 'Bearer a', 'Vary', 'Authorization', 'X-Authorization', 'Bearer b']
    const view = viewOf({ headers: { authorization: 'Bearer a' }, rawHeaders })
    expect(readCredential(view)).toEqual(token('a'))
  })
})

test('a token anywhere else is not looked at', () => {
  const view = viewOf({
    target: '/me?access_token=abc',
    headers: {
      'x-authorization': 'Bearer abc',
      'proxy-authorization': 'Bearer abc',
      cookie: 'access_token=abc',
    },
    body: { kind: 'parsed', value: { access_token: 'abc' } },
  })
  expect(readCredential(view)).toEqual(NONE)
})

test('a long header is read quickly', () => {
  const from = performance.now()
  for (const value of [' ', ' \u00ff', 'bearer ', '\t'].map((part) => `Bearer ${part.repeat(100_000)}`))
    expect(readCredential(viewOf({ headers: { authorization: value } })).kind).not.toBe('none')
  expect(performance.now() - from).toBeLessThan(1000)
})
