import { expect } from 'vitest'
import type { Fields } from './client.ts'
import { jsonOf } from './expectations.ts'
import { type Case, type RequestCase, requests } from './runner.ts'
import { bearer } from './visitor.ts'

const PEER = '127.0.0.1'

/** A sign-in through this forwarding, and the address that the session list then shows. */
const shown = (name: string, forwarded: Fields, ip: string | null): Case => ({
  name: `${name}: the session is shown at ${ip ?? 'no address'}`,
  async play(visitor) {
    const { token } = await visitor.signIn(visitor.user, forwarded)
    const list = await visitor.expect({ path: '/auth/sessions', headers: bearer(token) }, { status: 200 })
    const { sessions } = jsonOf(list)
    expect(sessions).toMatchObject([{ ip, current: true }])
  },
})
const via = (addresses: string | readonly string[]): Fields => ({ 'x-forwarded-for': addresses })

/** A refresh whose `Origin` has this scheme and our own host. */
const refresh = (scheme: string, proto: string | readonly string[], own: boolean): RequestCase => ({
  name: `Origin ${scheme}: is ${own ? 'our own' : 'foreign'} where the proxy says ${JSON.stringify(proto)}`,
  send: {
    method: 'POST',
    path: '/auth/refresh',
    headers: {
      cookie: '__Host-refresh={refresh}',
      origin: `${scheme}://{host}`,
      'x-forwarded-proto': proto,
    },
  },
  expect: own ? { status: 200 } : { status: 403, error: 'cross_site_request' },
})

/** For hosts that trust no proxy. */
export const withoutProxy: readonly Case[] = [
  shown('X-Forwarded-For', via('203.0.113.7'), PEER),
  shown('Forwarded', { forwarded: 'for=203.0.113.7' }, PEER),
  shown('X-Real-IP', { 'x-real-ip': '203.0.113.7', 'cf-connecting-ip': '203.0.113.7' }, PEER),
  ...requests([refresh('http', 'https', true), refresh('https', 'http', true)]),
]

/** For hosts with `TRUST_PROXY=1`. */
export const behindOneHop: readonly Case[] = [
  shown('no forwarding', {}, PEER),
  shown('one address', via('203.0.113.7'), '203.0.113.7'),
  shown('a claim before the address', via('198.51.100.1, 203.0.113.7'), '203.0.113.7'),
  shown('two claims before it', via('1.1.1.1, 2.2.2.2, 203.0.113.7'), '203.0.113.7'),
  shown('a claim in a field of its own', via(['198.51.100.1', '203.0.113.7']), '203.0.113.7'),
  shown('white space around', via('  203.0.113.7  '), '203.0.113.7'),
  shown('IPv6', via('2001:DB8:0::1'), '2001:db8::1'),
  shown('IPv4 in IPv6', via('::ffff:203.0.113.7'), '203.0.113.7'),
  shown('an IPv6 zone', via('fe80::1%eth0'), 'fe80::1'),
  shown('an address with a port', via('203.0.113.7:4711'), '203.0.113.7'),
  shown('a bracketed address with a port', via('[2001:DB8::1]:4711'), '2001:db8::1'),
  shown('a bracketed address', via('[2001:db8::1]'), null),
  shown('a host name', via('client.example.test'), null),
  shown('unknown', via('unknown'), null),
  shown('an octal address', via('0313.0.0161.07'), null),
  shown('a short address', via('203.7'), null),
  shown('an address as one number', via('3405803783'), null),
  shown('markup', via('<script>alert(1)</script>'), null),
  shown('a forged log line', via('x"}{"event":"session.started'), null),
  shown('a long text', via('9'.repeat(8000)), null),
  shown('Forwarded', { forwarded: 'for=203.0.113.7' }, PEER),
  ...requests([
    refresh('http', 'https', false),
    refresh('https', 'https', true),
    refresh('http', 'http', true),
    refresh('https', 'http', true),
    refresh('http', 'rubbish', true),
  ]),
]

/** For hosts that trust these. */
export const SUBNETS = '127.0.0.0/8, 10.0.0.0/8'
export const behindSubnets: readonly Case[] = [
  shown('trusted hops are passed over', via('203.0.113.7, 10.0.0.1, 127.0.0.2'), '203.0.113.7'),
  shown('the last untrusted one counts', via('198.51.100.1, 203.0.113.7, 10.0.0.1'), '203.0.113.7'),
  shown('all trusted: the first', via('10.0.0.2, 10.0.0.1'), '10.0.0.2'),
  shown('rubbish ends the chain', via('203.0.113.7, rubbish, 10.0.0.1'), null),
]
