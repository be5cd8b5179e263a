import type { Answer, HeaderFields } from '@sallyport/core/adapter'
import { describe, expect, test } from 'vitest'
import { withCors } from '../../packages/core/src/gate/browser/cors.ts'
import {
  createCrossSiteCheck,
  isCrossSite,
  type OriginSettings,
} from '../../packages/core/src/gate/browser/csrf.ts'
import { createCallers } from '../../packages/core/src/gate/callers.ts'
import { viewOf } from './view.ts'

const HOST = 'app.example.com'
const OWN = `https://${HOST}`
const ALLOWED = 'https://friend.example.org'
const STRANGER = 'https://evil.example.net'
const settings: OriginSettings = { allowed: new Set([ALLOWED]), missing: 'accept' }

test('an origin that is no URL is refused as often as it comes', () => {
  // Of what a function does only when it is optimised, the first calls show nothing.
  const view = viewOf({ headers: from('http:\u00f0\u009f\u0098\u0080') })
  for (let time = 0; time < 50_000; time++)
    if (!isCrossSite(view, settings)) throw new RangeError('it was accepted')
})

interface Case {
  readonly name: string
  readonly headers: HeaderFields
  readonly secure?: boolean
  readonly missing?: 'accept' | 'refuse'
}

const site = (value: string, more: HeaderFields = {}): HeaderFields => ({
  host: HOST,
  'sec-fetch-site': value,
  ...more,
})
const from = (origin: string, more: HeaderFields = {}): HeaderFields => ({ host: HOST, origin, ...more })

const accepted: readonly Case[] = [
  { name: 'a page of this origin', headers: site('same-origin', { origin: OWN }) },
  { name: 'a page of this origin, without Origin', headers: site('same-origin') },
  { name: 'the user, by the address bar', headers: site('none') },
  {
    name: 'a page whose host a proxy changed',
    headers: site('same-origin', { host: '127.0.0.1', origin: OWN }),
  },
  { name: 'a sandboxed page of this origin', headers: site('same-origin', { origin: 'null' }) },
  { name: 'an older browser, by Origin alone', headers: from(OWN) },
  { name: 'an own origin over a connection known to be TLS', headers: from(OWN), secure: true },
  { name: 'an own origin over plain HTTP, as in development', headers: from(`http://${HOST}`) },
  { name: 'an own origin with a port', headers: from(`${OWN}:8443`, { host: `${HOST}:8443` }) },
  { name: 'an own origin whose host names the default port', headers: from(OWN, { host: `${HOST}:443` }) },
  { name: 'a host in capitals', headers: from(OWN, { host: 'App.Example.COM' }) },
  { name: 'an address of IPv6', headers: from('http://[::1]:3000', { host: '[::1]:3000' }) },
  { name: 'an allowed origin, same site', headers: site('same-site', { origin: ALLOWED }) },
  { name: 'an allowed origin, cross site', headers: site('cross-site', { origin: ALLOWED }) },
  { name: 'an allowed origin, without Sec-Fetch-Site', headers: from(ALLOWED) },
  { name: 'a client that is no browser', headers: { host: HOST } },
]

const refused: readonly Case[] = [
  { name: 'another site', headers: site('cross-site') },
  { name: 'another origin of this site', headers: site('same-site') },
  { name: 'another site that claims this origin', headers: site('cross-site', { origin: OWN }) },
  { name: 'a stranger, by Origin alone', headers: from(STRANGER) },
  { name: 'no origin at all, as of a sandbox', headers: from('null') },
  { name: 'a word that is not of the standard', headers: site('Same-Origin') },
  { name: 'two words', headers: site('same-origin, cross-site') },
  { name: 'an empty word', headers: site('') },
  { name: 'an empty origin', headers: from('') },
  { name: 'two origins', headers: from(`${OWN} ${STRANGER}`) },
  { name: 'an origin sent twice', headers: { host: HOST, origin: [OWN, OWN] } },
  { name: 'another port', headers: from(`${OWN}:8443`) },
  { name: 'a subdomain', headers: from(`https://a.${HOST}`) },
  { name: 'a parent domain', headers: from('https://example.com') },
  { name: 'a domain that ends alike', headers: from(`https://evil${HOST}`) },
  { name: 'a domain that begins alike', headers: from(`https://${HOST}.evil.example.net`) },
  { name: 'a path behind the origin', headers: from(`${OWN}/`) },
  { name: 'a user before the host', headers: from(`https://${HOST}@evil.example.net`) },
  { name: 'an origin in capitals', headers: from('HTTPS://APP.EXAMPLE.COM') },
  { name: 'an own origin over plain HTTP where TLS is known', headers: from(`http://${HOST}`), secure: true },
  { name: 'an own origin without a host to compare with', headers: { origin: OWN } },
  { name: 'an origin that is called undefined, without a host', headers: { origin: 'https://undefined' } },
  { name: 'an extension', headers: from('chrome-extension://app.example.com') },
  { name: 'an allowed origin by its http twin', headers: from('http://friend.example.org') },
  { name: 'an allowed origin in capitals', headers: from('https://FRIEND.example.org') },
  { name: 'an allowed origin with a path', headers: site('cross-site', { origin: `${ALLOWED}/` }) },
  { name: 'a subdomain of an allowed origin', headers: from('https://a.friend.example.org') },
  { name: 'a client that is no browser, where that is asked', headers: { host: HOST }, missing: 'refuse' },
]

const judged = ({ headers, secure = false, missing = 'accept' }: Case): boolean =>
  isCrossSite(viewOf({ headers, secure }), { ...settings, missing })

describe('a cookie route is open to', () => {
  for (const one of accepted)
    test(one.name, () => {
      expect(judged(one)).toBe(false)
    })
})

describe('a cookie route is closed to', () => {
  for (const one of refused)
    test(one.name, () => {
      expect(judged(one)).toBe(true)
    })
})

test('where clients must tell where they come from, browsers still do', () => {
  for (const one of accepted.slice(0, -1)) expect(judged({ ...one, missing: 'refuse' })).toBe(false)
})

describe('the headers that let a page of another origin read the answer', () => {
  const answer: Answer = {
    status: 200,
    headers: { 'Cache-Control': 'no-store' },
    cookies: ['a=b'],
    body: '{}',
  }
  const cors = (origin: string | undefined, method = 'POST', given = settings): Answer =>
    withCors(answer, viewOf({ method, headers: origin === undefined ? {} : { origin } }), given)

  test('are for an allowed origin, by its name', () => {
    expect(cors(ALLOWED)).toEqual({
      ...answer,
      headers: {
        'Cache-Control': 'no-store',
        Vary: 'Origin',
        'Access-Control-Allow-Origin': ALLOWED,
        'Access-Control-Allow-Credentials': 'true',
        'Access-Control-Expose-Headers': 'DPoP-Nonce, Retry-After, WWW-Authenticate',
      },
    })
  })

  test('also name the methods of the route and any headers before a request', () => {
    const asked = { ...answer, headers: { ...answer.headers, Allow: 'POST, OPTIONS' } }
    const preflight = (requested?: string): Answer['headers'] => {
      const headers = { origin: ALLOWED, ...(requested && { 'access-control-request-headers': requested }) }
      return withCors(asked, viewOf({ method: 'OPTIONS', headers }), settings).headers
    }
    expect(preflight()).toMatchObject({
      'Access-Control-Allow-Methods': 'POST, OPTIONS',
      'Access-Control-Allow-Headers':
        'Authorization, Content-Type, DPoP, Device-Signals, Idempotency-Key, X-Token-Transport',
      'Access-Control-Max-Age': '600',
    })
    expect(preflight('traceparent,x-own')['Access-Control-Allow-Headers']).toBe('traceparent,x-own')
    expect(cors(ALLOWED, 'OPTIONS').headers['Access-Control-Allow-Methods']).toBe('')
    const longest = 'x'.repeat(1024)
    expect(preflight(longest)['Access-Control-Allow-Headers']).toBe(longest)
    expect(preflight(`${longest}x`)['Access-Control-Allow-Headers']).toContain('X-Token-Transport')
    expect(preflight('x-a\r\nset-cookie: a=b')['Access-Control-Allow-Headers']).toContain('X-Token-Transport')
  })

  test.each([STRANGER, 'null', OWN, `${ALLOWED}.evil.example.net`, '*', undefined])(
    'are not for %s',
    (origin) => {
      for (const method of ['POST', 'OPTIONS'])
        expect(cors(origin, method).headers).toEqual({ 'Cache-Control': 'no-store', Vary: 'Origin' })
    },
  )

  test('are none at all where no origin is allowed', () => {
    expect(cors(ALLOWED, 'OPTIONS', { ...settings, allowed: new Set() })).toEqual(answer)
  })
})

test('a refusal is told once for each origin and step, with what would allow it there', () => {
  const notices: string[] = []
  const reasons: (string | undefined)[] = []
  const emit = ({ reason }: { readonly reason?: string }): void => void reasons.push(reason)
  const callers = createCallers(() => new Uint8Array(12))
  const notice = (text: string): void => void notices.push(text)
  const check = createCrossSiteCheck({ origins: settings, emit, callers, notice })
  const view = viewOf({ headers: site('cross-site', { origin: STRANGER }) })
  for (const _ of [1, 2]) {
    expect(check(view)).toBe(true)
    expect(check(view, 'sign-in')).toBe(true)
  }
  expect(notices).toEqual([
    expect.stringMatching(/evil\.example\.net.*add its origin to the option "origins\.allowed"$/),
    expect.stringMatching(/evil\.example\.net.*crossSite: "checked".*never that of a provider$/),
  ])
  expect(reasons).toEqual(Array(4).fill('cross_site_request'))
  expect(check(viewOf({ headers: site('same-origin') }))).toBe(false)
})

describe('the notice of a refusal', () => {
  const noticed = (views: readonly Parameters<typeof viewOf>[0][]): readonly string[] => {
    const notices: string[] = []
    const callers = createCallers(() => new Uint8Array(12))
    const parts = { origins: settings, emit: () => {}, callers, notice: (text: string) => notices.push(text) }
    const check = createCrossSiteCheck(parts)
    for (const view of views) check(viewOf(view))
    return notices
  }

  test('says what was sent, and of an older browser what a proxy must pass on', () => {
    const advice = 'if the page is yours, add its origin to the option "origins.allowed"'
    expect(noticed([{ headers: site('cross-site', { origin: STRANGER }) }])).toEqual([
      `a cross-site request was refused (Origin: "${STRANGER}", Host: "${HOST}", Sec-Fetch-Site: "cross-site"): ${advice}`,
    ])
    expect(noticed([{ headers: from(STRANGER) }])).toEqual([
      `a cross-site request was refused (Origin: "${STRANGER}", Host: "${HOST}", Sec-Fetch-Site: absent): ` +
        `behind a proxy, let it pass on Host with the port; ${advice}`,
    ])
    expect(noticed([{ headers: site('cross-site') }])).toEqual([expect.stringContaining('(Origin: none, ')])
    expect(noticed([{ headers: { host: HOST, origin: [OWN, OWN] } }])).toEqual([
      expect.stringContaining('(Origin: none, '),
    ])
  })

  test('is given for twenty origins at most', () => {
    const origins = Array.from({ length: 25 }, (_, index) => `https://evil${index}.example.net`)
    const notices = noticed([...origins, ...origins].map((origin) => ({ headers: from(origin) })))
    expect(notices).toHaveLength(20)
  })

  test('is not given of what is let through', () => {
    expect(noticed([{ headers: site('same-origin') }, { headers: from(OWN) }])).toEqual([])
  })
})
