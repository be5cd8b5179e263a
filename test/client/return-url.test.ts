import { returnUrl, signInUrl } from '@sallyport/client'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'

afterEach(() => vi.unstubAllGlobals())

const PAGE = 'https://app.example/login'

const at = (url: string): void => void vi.stubGlobal('location', new URL(url))
const login = (given: string): void => at(`${PAGE}?return_url=${encodeURIComponent(given)}`)

test('the way back is the page, with its query and fragment', () => {
  at('https://app.example/orders?of=today&b=1#last')
  const url = signInUrl('/login?theme=dark')
  expect(url).toMatch(/^https:\/\/app\.example\/login\?theme=dark&return_url=/)
  at(url)
  expect(returnUrl()).toBe('/orders?of=today&b=1#last')
})

describe('what leads elsewhere is the fallback', () => {
  test.each([
    'https://evil.example/',
    '//evil.example/',
    '\\\\evil.example/',
    '/\\evil.example/',
    '/..//evil.example/',
    '/.//evil.example',
    'http://app.example/',
    'https://app.example:8443/',
    'https://app.example.evil.example/',
    'https://app.example@evil.example/',
    'javascript:alert(1)',
    ' javascript:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,x',
    'blob:https://app.example/x',
    'https://',
    '/\t/evil.example',
    '',
    '?again',
    '/login#again',
  ])('%j', (given) => {
    login(given)
    expect(returnUrl('/home')).toBe('/home')
  })

  test('and so is nothing', () => {
    at(PAGE)
    expect(returnUrl()).toBe('/')
  })
})

test.each(['/a', 'a', '/login/b', 'https://app.example/d'])('%j stays here', (given) => {
  login(given)
  expect(new URL(returnUrl('/home'), PAGE).origin).toBe('https://app.example')
  expect(returnUrl('/home')).not.toBe('/home')
})

test('whatever is given, a browser stays at its origin', () => {
  const part = fc.constantFrom(
    '/',
    '\\',
    '.',
    '..',
    ':',
    '@',
    'evil.example',
    'https',
    'javascript',
    '\t',
    '\n',
    '?',
    '#',
    '%2f',
  )
  fc.assert(
    fc.property(fc.array(fc.oneof(part, fc.string()), { maxLength: 8 }), (parts) => {
      login(parts.join(''))
      expect(new URL(returnUrl('/home'), PAGE).origin).toBe('https://app.example')
    }),
    { numRuns: 3000 },
  )
})
