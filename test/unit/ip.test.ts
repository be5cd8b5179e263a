import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalIp } from '../../packages/core/src/seam/ip.ts'

describe('an address has one spelling', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:C000:0201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
    ['2001:DB8::1', '2001:db8::1'],
    ['2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
    ['2001:db8:0:1:0:0:0:1', '2001:db8:0:1::1'],
    ['::', '::'],
    ['::1', '::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['fe80::1%', 'fe80::1'],
    ['192.0.2.1:443', '192.0.2.1'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['[::ffff:192.0.2.1]:443', '192.0.2.1'],
  ])('%s is %s', (given, canonical) => {
    expect(canonicalIp(given)).toBe(canonical)
  })

  test('and that is its own canonical form', () => {
    const some = fc.oneof(fc.ipV4(), fc.ipV6())
    fc.assert(
      fc.property(some, (given) => {
        const canonical = canonicalIp(given)
        expect(canonical).toBeDefined()
        expect(canonicalIp(canonical)).toBe(canonical)
      }),
    )
  })

  test('so every IPv4 address is the same wrapped in IPv6', () => {
    fc.assert(
      fc.property(fc.ipV4(), (given) => {
        expect(canonicalIp(`::ffff:${given}`)).toBe(given)
      }),
    )
  })
})

describe('what a forwarding header may hold besides is none', () => {
  test.each([
    undefined,
    '',
    ' ',
    'unknown',
    '_hidden',
    'localhost',
    '192.0.2.1:',
    '192.0.2.1:x',
    '[2001:db8::1]',
    `[${':'.repeat(15_000)}`,
    '192.0.2.1:123456',
    '[2001:db8::1]:',
    '[2001:db8::1',
    '[192.0.2.1]:443',
    '2001:db8::1]:443',
    ' 192.0.2.1',
    '192.0.2.1\n',
    '192.0.2.1, 192.0.2.2',
    '192.0.2',
    '192.0.2.256',
    '192.0.2.01',
    '0300.0.2.1',
    '0xc0.0.2.1',
    '3221225985',
    '192.0.2.1.1',
    '2001:db8:::1',
    '2001:db8::1::1',
    '2001:db8::12345',
    '2001:db8::g',
    '1:2:3:4:5:6:7:8:9',
    '::ffff:192.0.2.256',
    '192.0.2.1/24',
    '%eth0',
    '<script>',
  ])('%j', (given) => {
    expect(canonicalIp(given)).toBeUndefined()
  })

  test('any text gives an address or nothing, and is looked at quickly', () => {
    fc.assert(
      fc.property(fc.string(), (given) => {
        const canonical = canonicalIp(given)
        expect(canonical === undefined || canonicalIp(canonical) === canonical).toBe(true)
      }),
    )
    const from = performance.now()
    for (const part of ['1', ':', '1:', '1.', '::ffff:', '0', '%'])
      expect(canonicalIp(`${part.repeat(50_000)}x`)).toBeUndefined()
    expect(performance.now() - from).toBeLessThan(1000)
  })
})
