import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalUrl, urlsOf } from '../../packages/core/src/access/dpop/target-url.ts'
import { viewOf } from './view.ts'

describe('URLs of proofs', () => {
  test.each([
    ['https://api.example.com', 'https://api.example.com/'],
    ['https://api.example.com/', 'https://api.example.com/'],
    ['HTTPS://API.Example.COM/a', 'https://api.example.com/a'],
    ['https://api.example.com:443/a', 'https://api.example.com/a'],
    ['http://api.example.com:80/a', 'http://api.example.com/a'],
    ['https://api.example.com:80/a', 'https://api.example.com:80/a'],
    ['https://api.example.com:/a', 'https://api.example.com/a'],
    ['https://api.example.com/a?b=c', 'https://api.example.com/a'],
    ['https://api.example.com/a#b', 'https://api.example.com/a'],
    ['https://api.example.com?a/b', 'https://api.example.com/'],
    ['https://api.example.com/A/b', 'https://api.example.com/A/b'],
    ['https://api.example.com/a//b/', 'https://api.example.com/a//b/'],
    ['https://api.example.com/a/./b/../c', 'https://api.example.com/a/c'],
    ['https://api.example.com/a/%2e/b/%2E%2e/c', 'https://api.example.com/a/c'],
    ['https://api.example.com/../../a', 'https://api.example.com/a'],
    ['https://api.example.com/%61%7E%2D%2e_b', 'https://api.example.com/a~-._b'],
    ['https://api.example.com/%c3%a9%2f', 'https://api.example.com/%C3%A9%2F'],
    ['https://api.example.com/%2561', 'https://api.example.com/%2561'],
    ['https://api.example.com/100%', 'https://api.example.com/100%'],
    ['https://[::1]:8443/a', 'https://[::1]:8443/a'],
    ['https://[0:0::1]/a', 'https://[::1]/a'],
    ['http://127.0.0.1:3000/a', 'http://127.0.0.1:3000/a'],
  ])('%s means %s', (given, expected) => {
    expect(canonicalUrl(given)).toBe(expected)
  })

  test.each([
    ...[
      '',
      '/a',
      '//api.example.com/a',
      'api.example.com/a',
      'https:',
      'https://',
      'https:///a',
      'https:api.example.com/a',
    ],
    ...['ftp://api.example.com/a', 'ws://api.example.com/a', 'javascript:alert(1)', 'urn:a', 'file:///a'],
    ...['https://user@api.example.com/a', 'https://:x@api.example.com/a', 'https://user:x@api.example.com/a'],
    ...[
      'https://api.example.com\\a',
      'https:\\\\api.example.com/a',
      'https://\\api.example.com/a',
      'https://éxample.com/a',
      'https:// /a',
      'https://api.example.com/a\\b',
    ],
    ...[
      ' https://api.example.com/a',
      'https://api.example.com/a ',
      'https://api.example.com/a\n',
      'https://api.example.com/\ta',
    ],
    ...[
      'https://api.example.com/é',
      'https://exämple.com/a',
      'https://api.example.com:99999/a',
      'https://api exa/a',
      'https://%/a',
    ],
  ])('%j is no URL of a request', (given) => {
    expect(canonicalUrl(given)).toBeUndefined()
  })

  const segment = fc.stringMatching(/^[A-Za-z0-9._~!$&'()*+,;=:@%-]{0,8}$/)
  const path = fc.array(segment, { maxLength: 5 }).map((segments) => `/${segments.join('/')}`)
  const authority = fc.oneof(
    fc.domain(),
    fc.ipV4(),
    fc.ipV6().map((address) => `[${address}]`),
  )
  const port = fc.oneof(
    fc.constantFrom('', ':80', ':443'),
    fc.integer({ min: 1, max: 65_535 }).map((one) => `:${one}`),
  )
  const scheme = fc.constantFrom('http', 'https')

  test('a canonical URL stays as it is, and URL reads it as the same place', () => {
    fc.assert(
      fc.property(scheme, authority, port, path, (protocol, host, number, rest) => {
        const canonical = canonicalUrl(`${protocol}://${host}${number}${rest}`)
        fc.pre(canonical !== undefined)
        expect(canonicalUrl(canonical as string)).toBe(canonical)
        const read = new URL(canonical as string)
        expect(read.href).toBe(canonical)
        expect([read.search, read.hash, read.username]).toEqual(['', '', ''])
        expect(read.origin).toBe(new URL(`${protocol}://${host}${number}`).origin)
      }),
      { numRuns: 2000 },
    )
  })

  test('where nothing is percent-encoded, it is what URL makes of it, without query and fragment', () => {
    fc.assert(
      fc.property(
        scheme,
        authority,
        port,
        path,
        fc.constantFrom('', '?a', '#b', '?a#b'),
        (protocol, host, number, rest, end) => {
          fc.pre(!rest.includes('%'))
          const given = `${protocol}://${host}${number}${rest}${end}`
          const { origin, pathname } = new URL(given)
          expect(canonicalUrl(given)).toBe(origin + pathname)
        },
      ),
      { numRuns: 2000 },
    )
  })

  test('however it is spelled, one place has one canonical URL, and other places have others', () => {
    const letters = fc.array(fc.constantFrom(...'abcXYZ019-._~/'), { maxLength: 12 })
    const spelling = fc.array(fc.constantFrom('plain', 'upper', 'lower'), { minLength: 12, maxLength: 12 })
    const spelled = (all: readonly string[], how: readonly string[]): string =>
      all
        .map((letter, index) => {
          const hex = letter.charCodeAt(0).toString(16).padStart(2, '0')
          if (letter === '/' || how[index] === 'plain') return letter
          return how[index] === 'upper' ? `%${hex.toUpperCase()}` : `%${hex}`
        })
        .join('')
    fc.assert(
      fc.property(letters, letters, spelling, (one, other, how) => {
        const plain = `https://api.example.com/${one.join('')}`
        const encoded = `HTTPS://api.EXAMPLE.com:443/${spelled(one, how)}?query`
        expect(canonicalUrl(encoded)).toBe(canonicalUrl(plain))
        const elsewhere = `https://api.example.com/${other.join('')}`
        const same = new URL(plain).href === new URL(elsewhere).href
        expect(canonicalUrl(elsewhere) === canonicalUrl(encoded)).toBe(same)
      }),
      { numRuns: 2000 },
    )
  })

  test('anything may be given', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.webUrl({ withQueryParameters: true })),
        (given) => void canonicalUrl(given),
      ),
    )
  })
})

describe('the URL of a request', () => {
  const urlOf = (host: string | undefined, target: string, secure = false) =>
    urlsOf(viewOf({ host, target, secure }), 'asked')

  test.each([
    ['api.example.com', '/a?b', true, 'https://api.example.com/a'],
    ['api.example.com:443', '/a', true, 'https://api.example.com/a'],
    ['API.example.com:8080', '/a', false, 'http://api.example.com:8080/a'],
    ['api.example.com', '//other.example.com/a', true, 'https://api.example.com//other.example.com/a'],
    ['[::1]:3000', '/', false, 'http://[::1]:3000/'],
  ])('%s with %s is what it says', (host, target, secure, expected) => {
    expect(urlOf(host, target, secure)).toEqual([expected])
  })

  test.each([
    [undefined, '/a'],
    ['', '/a'],
    ['api.example.com/x', '/a'],
    ['user@api.example.com', '/a'],
    ['api.example.com?', '/a'],
    ['api.example.com#', '/a'],
    ['api.example.com\\x', '/a'],
    ['api example.com', '/a'],
    ['api.example.com', '*'],
    ['api.example.com', ''],
    ['api.example.com', 'http://api.example.com/a'],
    ['api.example.com', '/a#b'],
    ['api.example.com', '/a\\b'],
    ['api.example.com', '/é'],
  ])('%j with %j has none', (host, target) => {
    expect(urlOf(host, target)).toEqual([])
  })

  test('with origins, there is one for each of them, and the host does not matter', () => {
    const origins = ['https://a.example', 'http://localhost:3000']
    const expected = ['https://a.example/x', 'http://localhost:3000/x']
    expect(urlsOf(viewOf({ host: 'b.example/y', target: '/x?y' }), origins)).toEqual(expected)
  })
})
