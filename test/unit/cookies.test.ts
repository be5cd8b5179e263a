import { describe, expect, test } from 'vitest'
import { type CookieReading, createStrictCookie } from '../../packages/core/src/gate/browser/cookies.ts'
import { viewOf } from './view.ts'

const NAME = '__Host-refresh'
const cookie = createStrictCookie({ name: NAME, secure: true })
const read = (header: string): CookieReading => cookie.read(viewOf({ headers: { cookie: header } }))
const value = (text: string): CookieReading => ({ kind: 'value', value: text })
const NONE: CookieReading = { kind: 'none' }
const REPEATED: CookieReading = { kind: 'repeated' }

const readings: readonly (readonly [string, CookieReading])[] = [
  [`${NAME}=abc`, value('abc')],
  [`a=b; ${NAME}=abc; c=d`, value('abc')],
  [`a=b;${NAME}=abc;c=d`, value('abc')],
  [`  ${NAME} = abc  ; c=d`, value('abc')],
  [`${NAME}=abc=def`, value('abc=def')],
  [`${NAME}=a%62c`, value('a%62c')],
  [`${NAME}=a+b`, value('a+b')],
  [`${NAME}="abc"`, value('"abc"')],
  [`${NAME}=j:{"a":1}`, value('j:{"a":1}')],
  [`${NAME}=`, value('')],
  [`${NAME}=abc;;;; ${NAME}=abc`, value('abc')],
  [`${NAME}=abc; ${NAME}=abd`, REPEATED],
  [`${NAME}=abd; x=y; ${NAME}=abc`, REPEATED],
  [`${NAME}=abc; ${NAME}=`, REPEATED],
  [`${NAME}=; ${NAME}=abc`, REPEATED],
  [`${NAME}=abc; ${NAME}="abc"`, REPEATED],
  ['', NONE],
  [';', NONE],
  [NAME, NONE],
  [`x=${NAME}=abc`, NONE],
  ['__host-refresh=abc', NONE],
  ['__HOST-refresh=abc', NONE],
  ['refresh=abc', NONE],
  ['__Secure-refresh=abc', NONE],
  [`${NAME}2=abc; x${NAME}=abc`, NONE],
  [`a="; ${NAME}=abc"`, value('abc"')],
  [`__proto__=x; ${NAME}=abc`, value('abc')],
]

describe('the refresh cookie is read from', () => {
  for (const [header, expected] of readings)
    test(`${JSON.stringify(header)} as ${JSON.stringify(expected)}`, () => {
      expect(read(header)).toEqual(expected)
    })

  test('no header at all as none', () => {
    expect(cookie.read(viewOf({}))).toEqual(NONE)
  })

  test('a long header quickly', () => {
    const from = performance.now()
    for (const part of [';', '=', ' ', `${NAME}=a;`, 'a=b; ', '"', `${NAME} `])
      expect(read(part.repeat(20_000)).kind).not.toBe('repeated')
    expect(performance.now() - from).toBeLessThan(1000)
  })
})

describe('the refresh cookie is set', () => {
  const partsOf = (header: string): string[] => header.split('; ').sort()
  const lasting = ['HttpOnly', 'Path=/', 'SameSite=Strict', 'Secure']

  test('for the host alone, out of reach of scripts, plain HTTP and other sites', () => {
    expect(partsOf(cookie.set('spr_abc-_', 604_800))).toEqual(
      [...lasting, 'Max-Age=604800', `${NAME}=spr_abc-_`].sort(),
    )
  })

  test('and cleared with the same attributes', () => {
    expect(partsOf(cookie.clear())).toEqual([...lasting, 'Max-Age=0', `${NAME}=`].sort())
  })

  test('so that what is set is what is read', () => {
    const [pair = ''] = cookie.set('spr_abc-_', 1).split(';')
    expect(read(pair)).toEqual(value('spr_abc-_'))
  })

  test('under the name that is asked for', () => {
    const other = createStrictCookie({ name: '__Host-other', secure: true })
    expect(other.set('a', 1)).toMatch(/^__Host-other=a;/)
    expect(other.read(viewOf({ headers: { cookie: `${NAME}=a` } }))).toEqual(NONE)
  })

  test('never with what would end the header or the pair', () => {
    for (const text of ['a;b', 'a\r\nSet-Cookie: x=y', 'a b'])
      expect(cookie.set(text, 1).split('; ')[0]).toMatch(/^__Host-refresh=[^\s;]+$/)
  })
})
