import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import {
  type CertificateSettings,
  createCertificates,
  networkIn,
} from '../../packages/core/src/access/certificates.ts'
import type { HeaderFields, Peer } from '../../packages/core/src/seam/http.ts'

const shown = Buffer.from('the certificate of the client')
const own = Buffer.from('the certificate of the proxy')
const thumbprintOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('base64url')
const told: HeaderFields = { 'client-cert': `:${shown.toString('base64')}:` }

const from = (address: string | undefined, certificate?: Uint8Array): Peer => ({ address, certificate })

function certificateOf(proxies: readonly string[], headers: HeaderFields, peer?: Peer): string | undefined {
  const networks = proxies.map((one) => networkIn(one)).filter((one) => one !== undefined)
  const settings: CertificateSettings = { mode: 'accepted', proxies: networks }
  return createCertificates(settings)({ ip: undefined, headers, ...(peer === undefined ? {} : { peer }) })
}

test('no certificate is looked at without the option', () => {
  const peer = from('10.0.0.7', shown)
  expect(createCertificates(undefined)({ ip: undefined, headers: told, peer })).toBeUndefined()
})

test('the certificate of the connection counts, and no header of whoever connects', () => {
  expect(certificateOf([], {}, from('10.0.0.7', shown))).toBe(thumbprintOf(shown))
  expect(certificateOf([], told, from('10.0.0.7', own))).toBe(thumbprintOf(own))
  expect(certificateOf([], told, from('10.0.0.7'))).toBeUndefined()
  expect(certificateOf([], told)).toBeUndefined()
  expect(certificateOf(['10.0.0.0/8'], told)).toBeUndefined()
})

// biome-ignore format: one row, one line
test.each([
  ['the address itself', '10.0.0.7', '10.0.0.7'],
  ['an address in the network', '10.0.0.0/8', '10.255.255.255'],
  ['any IPv4 address', '0.0.0.0/0', '192.0.2.1'],
  ['an IPv4 address in IPv6', '10.0.0.0/8', '::ffff:10.0.0.7'],
  ['an IPv6 address', '2001:db8::/32', '2001:db8:1::1'],
  ['the IPv6 address itself', '2001:db8::1', '2001:DB8:0::1'],
])('a proxy is believed from %s, and its own certificate counts for nobody', (_what, network, address) => {
  expect(certificateOf([network], told, from(address, own))).toBe(thumbprintOf(shown))
  expect(certificateOf([network], {}, from(address, own))).toBeUndefined()
  expect(certificateOf(['192.0.2.200', network], told, from(address))).toBe(thumbprintOf(shown))
})

// biome-ignore format: one row, one line
test.each([
  ['next to the address', '10.0.0.7', '10.0.0.8'],
  ['beside the network', '10.0.0.0/9', '10.128.0.0'],
  ['of the other family', '0.0.0.0/0', '2001:db8::1'],
  ['of the other family', '::/0', '192.0.2.1'],
  ['next to the IPv6 address', '2001:db8::1', '2001:db8::2'],
  ['that cannot be read', '0.0.0.0/0', 'unix'],
  ['that is not known', '0.0.0.0/0', undefined],
])('a proxy is not believed from an address %s', (_what, network, address) => {
  expect(certificateOf([network], told, from(address, own))).toBe(thumbprintOf(own))
})

// biome-ignore format: one row, one line
test.each([
  ['nothing', ''],
  ['a token', 'token'],
  ['a string', '"text"'],
  ['a number', '1'],
  ['two in one field', `${told['client-cert']}, ${told['client-cert']}`],
  ['two fields', [`${told['client-cert']}`]],
  ['more than 16,384 characters', `:${Buffer.alloc(12_288).toString('base64')}:`],
  ['text behind it', `${told['client-cert']} x`],
])('%s in the field of a proxy is no certificate', (_what, field) => {
  expect(certificateOf(['10.0.0.7'], { 'client-cert': field }, from('10.0.0.7'))).toBeUndefined()
})

test('a certificate of the greatest length is read, and parameters do not matter', () => {
  const long = Buffer.alloc(12_285, 1)
  const field = `:${long.toString('base64')}:`
  expect(field.padEnd(16_384, ' ')).toHaveLength(16_384)
  const read = (value: string) => certificateOf(['10.0.0.7'], { 'client-cert': value }, from('10.0.0.7'))
  expect(read(field.padEnd(16_384, ' '))).toBe(thumbprintOf(long))
  expect(read(`${told['client-cert']};a=1`)).toBe(thumbprintOf(shown))
})

describe('a network', () => {
  // biome-ignore format: one row, one line
  test.each([
    ['10.0.0.7', '10.0.0.7', 32],
    ['10.0.0.7/32', '10.0.0.7', 32],
    ['0.0.0.0/0', '0.0.0.0', 0],
    ['2001:db8::1', '2001:db8::1', 128],
    ['2001:DB8::/128', '2001:db8::', 128],
    ['::ffff:10.0.0.7', '10.0.0.7', 32],
  ])('is read from %s', (given, address, bits) => {
    const [parsed, most] = networkIn(given) ?? []
    expect([parsed?.toString(), most]).toEqual([address, bits])
  })

  // biome-ignore format: one row, one line
  test.each([
    '', '/8', '10.0.0.0/', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/8/8', '10.0.0.0/1e1', '10.0.0.0/8x', '10.0.0.0/x8',
    '10.0.0.0/0008', '10.0.0.0/ 8', '2001:db8::/129', '::ffff:10.0.0.7/33', 'example.com', '10.0.0', '10.0.0.0/8/',
  ])('is not read from "%s"', (given) => {
    expect(networkIn(given)).toBeUndefined()
  })
})
