import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createDevices } from '../../packages/core/src/binding/device.ts'
import { readSignals } from '../../packages/core/src/binding/signals.ts'
import { parseOptions } from '../../packages/core/src/options/index.ts'

const ALL = 'screen="1920x1080x2", timezone="Europe/Berlin", languages="de-DE,en"'
const VALUES = { screen: '1920x1080x2', timezone: 'Europe/Berlin', languages: 'de-DE,en' }
const read = (field: string) => readSignals([field])

describe('Device-Signals are read', () => {
  test.each([
    { name: 'all of them', field: ALL, values: VALUES },
    {
      name: 'in any order and with white space',
      field: ` languages="de-DE,en" ,\ttimezone="Europe/Berlin",screen="1920x1080x2" `,
      values: VALUES,
    },
    { name: 'some of them', field: 'timezone="UTC"', values: { timezone: 'UTC' } },
    { name: 'none of them', field: '', values: {} },
    {
      name: 'beside unknown members of any type',
      field: 'a, b=1, c=?0, d=:AA==:, e=(1 "x"), f=tok, g=1.5, timezone="UTC", h=@0',
      values: { timezone: 'UTC' },
    },
    { name: 'without their parameters', field: 'timezone="UTC";q=1;x', values: { timezone: 'UTC' } },
    {
      name: 'the last one of a name (RFC 9651, section 4.2.2)',
      field: 'timezone="UTC", timezone="CET"',
      values: { timezone: 'CET' },
    },
    {
      name: 'exactly as they are',
      field: String.raw`timezone=" Utc ", screen="a\"b\\c"`,
      values: { timezone: ' Utc ', screen: 'a"b\\c' },
    },
    { name: 'an empty one as not sent', field: 'timezone="", screen="1x1"', values: { screen: '1x1' } },
    {
      name: 'of names that objects have by nature',
      field: 'constructor="x", __proto="y"',
      values: undefined,
    },
    { name: 'of 512 bytes', field: `timezone="${'x'.repeat(501)}"`, values: { timezone: 'x'.repeat(501) } },
  ])('$name', ({ field, values }) => {
    expect(read(field)).toEqual(values === undefined ? { kind: 'malformed' } : { kind: 'sent', values })
  })

  test('no header is none', () => {
    expect(readSignals([])).toEqual({ kind: 'none' })
  })
})

describe('Device-Signals are malformed', () => {
  test.each([
    { name: 'a token', field: 'timezone=UTC' },
    { name: 'a number', field: 'screen=1920' },
    { name: 'a decimal', field: 'screen=1.5' },
    { name: 'a boolean', field: 'timezone' },
    { name: 'bytes', field: 'timezone=:VVRD:' },
    { name: 'a date', field: 'timezone=@1659578233' },
    { name: 'a display string', field: 'timezone=%"UTC"' },
    { name: 'an inner list', field: 'languages=("de" "en")' },
    { name: 'an inner list of one', field: 'languages=("de")' },
    { name: 'no dictionary', field: '"UTC"' },
    { name: 'JSON', field: '{"timezone":"UTC"}' },
    { name: 'a comma at the end', field: 'timezone="UTC",' },
    { name: 'no comma between', field: 'timezone="UTC" screen="1x1"' },
    { name: 'an open string', field: 'timezone="UTC' },
    { name: 'a wrong escape', field: String.raw`timezone="\n"` },
    { name: 'a control character', field: 'timezone="U\tTC"' },
    { name: 'a line break', field: 'timezone="U\r\nTC"' },
    { name: 'a NUL', field: 'timezone="U\0TC"' },
    { name: 'a letter beyond ASCII', field: 'timezone="Zürich"' },
    { name: 'an upper-case name', field: 'Timezone="UTC"' },
    { name: 'a wrong member behind a right one', field: 'timezone="UTC", ="x"' },
    { name: 'a wrong unknown member', field: `${ALL}, other=` },
    { name: '513 bytes', field: `timezone="${'x'.repeat(502)}"` },
    { name: '100,000 commas', field: ','.repeat(100_000) },
  ])('$name', ({ field }) => {
    expect(read(field)).toEqual({ kind: 'malformed' })
  })

  test('two fields, though they were right together', () => {
    expect(readSignals(['timezone="UTC"', 'screen="1x1"'])).toEqual({ kind: 'malformed' })
    expect(readSignals([ALL, ALL])).toEqual({ kind: 'malformed' })
  })
})

test('whatever is sent is read or malformed, and no value is anything but a string with a character', () => {
  const piece = fc.constantFrom(
    'timezone',
    'screen',
    'languages',
    '=',
    '"',
    ',',
    ';',
    '(',
    ')',
    ':',
    '@',
    '%',
    '?1',
    '\\',
    ' ',
  )
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 600 }),
    fc.array(fc.oneof(piece, fc.string({ maxLength: 6 })), { maxLength: 60 }).map((parts) => parts.join('')),
  )
  fc.assert(
    fc.property(hostile, (field) => {
      const signals = read(field)
      expect(signals.kind).toMatch(/^(sent|malformed)$/)
      for (const [name, value] of Object.entries(signals.kind === 'sent' ? signals.values : {})) {
        expect(Object.keys(VALUES)).toContain(name)
        expect(value).toMatch(/^[\x20-\x7e]+$/)
      }
    }),
    { numRuns: 2000 },
  )
})

test('what was well formed comes back as it was', () => {
  const value = fc.stringMatching(/^[\x20-\x7e]{1,100}$/)
  fc.assert(
    fc.property(
      fc.record({ screen: value, timezone: value, languages: value }, { requiredKeys: [] }),
      (values) => {
        const field = Object.entries(values).map(
          ([name, text]) => `${name}="${text.replace(/["\\]/g, '\\$&')}"`,
        )
        const joined = field.join(', ')
        fc.pre(joined.length <= 512)
        expect(read(joined)).toEqual({ kind: 'sent', values })
      },
    ),
  )
})

describe('the cells of what is sent', () => {
  const key = randomBytes(32)
  const AGENT = 'curl/8.5.0'
  const bound = (options: Parameters<typeof parseOptions>[0]['binding'], ip?: string, ...signals: string[]) =>
    createDevices([key], parseOptions({ binding: options }, false).binding).recognise({
      caller: { ip },
      userAgent: AGENT,
      signals,
    })
  const cellsOf = (...given: Parameters<typeof bound>): string[] =>
    Buffer.from(bound(...given).bindings[0].cells)
      .toString('hex')
      .match(/.{8}/g) ?? []
  const ABSENT = '00000000'

  test('end with the last one', () => {
    expect(cellsOf('balanced')).toHaveLength(3)
    expect(cellsOf('balanced', '192.0.2.1')).toHaveLength(4)
    expect(cellsOf('balanced', undefined, 'screen="1x1"')).toHaveLength(5)
    expect(cellsOf('balanced', '192.0.2.1', ALL)).toHaveLength(7)
  })

  test('are zeros where nothing was sent', () => {
    const [, , , network, screen, timezone] = cellsOf('balanced', undefined, 'timezone="UTC"')
    expect([network, screen]).toEqual([ABSENT, ABSENT])
    expect(timezone).not.toBe(ABSENT)
  })

  test('are of the network, not of the address', () => {
    const network = (ip: string) => cellsOf('balanced', ip)[3]
    expect(network('192.0.2.1')).toBe(network('192.0.2.255'))
    expect(network('192.0.2.1')).not.toBe(network('192.0.3.1'))
    expect(network('2001:db8:1:2::1')).toBe(network('2001:db8:1:ffff::'))
    expect(network('2001:db8:1::1')).not.toBe(network('2001:db8:2::1'))
  })

  test('are not stored while the component is off', () => {
    expect(cellsOf('off', '192.0.2.1', ALL)).toHaveLength(3)
    const [, , , network, screen] = cellsOf({ network: 'off' }, '192.0.2.1', ALL)
    expect(network).toBe(ABSENT)
    expect(screen).not.toBe(ABSENT)
  })

  test('one value is another hash in another cell', () => {
    const [, , , , screen, timezone] = cellsOf('balanced', undefined, 'screen="x", timezone="x"')
    expect(screen).not.toBe(timezone)
  })

  test('a header is read only where some signal is compared', () => {
    expect(bound('balanced', undefined, 'x=').signals).toBe('malformed')
    expect(bound('off', undefined, 'x=').signals).toBe('none')
    const none = { screen: 'off', timezone: 'off', languages: 'off' } as const
    expect(bound(none, undefined, 'x=').signals).toBe('none')
    expect(bound({ ...none, languages: 'observe' }, undefined, 'x=').signals).toBe('malformed')
  })

  test('malformed ones change no cell', () => {
    expect(cellsOf('balanced', '192.0.2.1', 'screen=1')).toEqual(cellsOf('balanced', '192.0.2.1'))
  })
})
