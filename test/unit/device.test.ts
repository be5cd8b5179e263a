import { randomBytes } from 'node:crypto'
import type { DeviceComponent } from '@sallyport/core'
import { type DeviceBinding, VERSION_FELL } from '@sallyport/core/store'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createDevices, type Device } from '../../packages/core/src/binding/device.ts'
import type { BindingOptions } from '../../packages/core/src/options/binding.ts'
import { parseOptions } from '../../packages/core/src/options/index.ts'
import { DEVICES } from './user-agents.ts'

const KEY = randomBytes(32)
const EARLIER = randomBytes(32)
const OLDEST = randomBytes(32)
const settingsOf = (binding: BindingOptions = {}) => parseOptions({ binding }, false).binding
const SETTINGS = settingsOf()
const devices = createDevices([KEY], SETTINGS)

const seen = (userAgent: string | undefined) => ({ caller: {}, userAgent, signals: [] })
const recognise = (userAgent: string | undefined): Device => devices.recognise(seen(userAgent))
const bindingOf = (userAgent: string | undefined): DeviceBinding => recognise(userAgent).bindings[0]
const hexOf = (binding: DeviceBinding): string => Buffer.from(binding.cells).toString('hex')
const cellsOf = (userAgent: string | undefined): string => hexOf(bindingOf(userAgent))
/** The three cells, each by itself. */
const cellByCell = (userAgent: string): readonly string[] => cellsOf(userAgent).match(/.{8}/g) ?? []

const agentOf = (name: string): string => {
  const found = DEVICES.find((device) => device.name === name)
  if (found === undefined) throw new Error(`no device of the name ${name}`)
  return found.now
}

describe('a device is known by what it says', () => {
  for (const { name, now, later, label, version } of DEVICES)
    test(name, () => {
      const device = recognise(now)
      expect(device.label).toBe(label)
      expect(device.bindings).toHaveLength(1)
      expect(device.bindings[0].version).toBe(version)
      expect(device.bindings[0].cells).toHaveLength(12)
      expect(cellsOf(later)).toBe(cellsOf(now))
      expect(bindingOf(later).version).toBeGreaterThanOrEqual(version)
      expect(recognise(later).label).toBe(label)
    })

  test('and no two of them are the same', () => {
    expect(new Set(DEVICES.map(({ now }) => cellsOf(now))).size).toBe(DEVICES.length)
  })

  test('an app that updates itself stays the same, by the User-Agent that Apple gives to apps', () => {
    const now = 'MyApp/41 CFNetwork/1410.0.3 Darwin/22.6.0'
    const later = 'MyApp/42 CFNetwork/1494.0.7 Darwin/23.4.0'
    expect(cellsOf(later)).toBe(cellsOf(now))
    expect(recognise(now).label).toMatch(/^MyApp\b/)
    expect(cellsOf(now)).not.toBe(cellsOf(now.replace('MyApp', 'OtherApp')))
  })

  test('so does a program that names what it is built with', () => {
    expect(cellsOf('shop/2.0 axios/1.7 node/22 linux')).toBe(cellsOf('shop/1.9 axios/1.6 node/20 linux'))
  })
})

describe('each component has a cell of its own:', () => {
  test.each([
    { what: 'the family', pair: ['Chrome on Windows', 'Firefox on Windows'], same: [false, true, true] },
    {
      what: 'the family, of one engine',
      pair: ['Chrome on Windows', 'Edge on Windows'],
      same: [false, true, true],
    },
    { what: 'the system', pair: ['Chrome on Windows', 'Chrome on a Mac'], same: [true, false, true] },
    {
      what: 'system and class',
      pair: ['Chrome on Linux', 'Chrome on an Android phone'],
      same: [true, false, false],
    },
    { what: 'the class', pair: ['Safari on an iPhone', 'Safari on an iPad'], same: [true, true, false] },
    { what: 'all', pair: ['Chrome on Windows', 'Safari on an iPhone'], same: [false, false, false] },
  ])('$what', ({ pair, same }) => {
    const [one = [], two = []] = pair.map(agentOf).map(cellByCell)
    expect(one.map((cell, index) => cell === two[index])).toEqual(same)
  })

  test('one value is another hash in another cell', () => {
    const [, system, deviceClass] = cellByCell('curl/8.5.0')
    expect(system).not.toBe(deviceClass)
  })

  test('no User-Agent is a device of its own kind, and an empty one is the same', () => {
    expect(recognise(undefined)).toEqual(recognise(''))
    expect(recognise(undefined).label).toBe('Unknown device')
    expect(bindingOf(undefined).version).toBe(0)
    for (const { now } of DEVICES) expect(cellsOf(now)).not.toBe(cellsOf(undefined))
  })
})

describe('under several secrets', () => {
  const rotating = createDevices([KEY, EARLIER, OLDEST], SETTINGS)

  test('a device has a binding under each, the current one first', () => {
    const agent = agentOf('Firefox on Linux')
    const under = [KEY, EARLIER, OLDEST].map(
      (key) => createDevices([key], SETTINGS).recognise(seen(agent)).bindings[0],
    )
    expect(rotating.recognise(seen(agent)).bindings).toEqual(under)
    expect(new Set(under.map(hexOf)).size).toBe(3)
  })

  test('the label is the same under all', () => {
    for (const { now, label } of DEVICES) expect(rotating.labelOf(now)).toBe(label)
  })
})

describe('the policy says', () => {
  const ALL = 'family system deviceClass network screen timezone languages version'.split(
    ' ',
  ) as readonly DeviceComponent[]
  const SENT = 8 | 16 | 32 | 64
  const bitsOf = ALL.map((component, index) => ({
    component,
    bit: component === 'version' ? VERSION_FELL : 1 << index,
  }))
  const policy = (binding: BindingOptions) => createDevices([KEY], settingsOf(binding))

  test.each(bitsOf)('what follows from a change of $component', ({ component, bit }) => {
    const only = (what: 'off' | 'observe' | 'step_up' | 'enforce') =>
      policy({ preset: 'off', [component]: what }).rule
    expect(only('enforce')).toMatchObject({ enforced: bit, stepUp: 0 })
    expect(only('step_up')).toMatchObject({ enforced: 0, stepUp: bit })
    expect(only('observe')).toMatchObject({ enforced: 0, stepUp: 0, counted: bit & SENT })
    expect(only('off')).toEqual({ enforced: 0, stepUp: 0, counted: 0, stepUpAt: 0, endAt: 0 })
  })

  test.each([
    { preset: 'off', rule: { enforced: 0, stepUp: 0, counted: 0, stepUpAt: 0, endAt: 0 } },
    { preset: 'balanced', rule: { enforced: 7, stepUp: 0, counted: SENT, stepUpAt: 4, endAt: 0 } },
    { preset: 'strict', rule: { enforced: 7, stepUp: 0, counted: SENT, stepUpAt: 0, endAt: 2 } },
  ] as const)('the preset $preset', ({ preset, rule }) => {
    expect(policy({ preset }).rule).toEqual(rule)
    expect(createDevices([KEY], parseOptions({ binding: preset }, false).binding).rule).toEqual(rule)
  })

  test('what differs from a preset', () => {
    expect(policy({ preset: 'strict', network: 'off', changes: { stepUp: 1, end: 3 } }).rule).toEqual({
      ...{ enforced: 7, stepUp: 0, counted: 16 | 32 | 64, stepUpAt: 1, endAt: 3 },
    })
    expect(policy({ version: 'enforce', changes: { stepUp: undefined } }).rule).toEqual({
      ...{ enforced: 7 | VERSION_FELL, stepUp: 0, counted: SENT, stepUpAt: 4, endAt: 0 },
    })
  })

  test.each(bitsOf)('what is told of a drift: $component unless it is off', ({ component, bit }) => {
    expect(policy({}).changed(bit)).toBe(component)
    expect(policy({ [component]: 'off' }).changed(bit)).toBe('')
    expect(policy({}).changed(127 | VERSION_FELL)).toBe(ALL.join(' '))
    expect(policy({}).changed(0)).toBe('')
  })
})

describe('whatever is sent as a User-Agent', () => {
  const LABEL = /^[\w .-]{1,64}$/

  test('it is a device with a label that is safe to show and to log', () => {
    const piece = fc.constantFrom(
      'Mozilla/5.0 (',
      ')',
      'Chrome/',
      'Firefox/',
      '; ',
      '\r\n',
      '<b>',
      '"',
      'Mobile',
      ' ',
    )
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 600 }),
      fc.array(fc.oneof(piece, fc.string({ maxLength: 10 }))).map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(hostile, (agent) => {
        const { label, bindings } = recognise(agent)
        expect(label).toMatch(LABEL)
        expect(bindings[0].cells).toHaveLength(12)
        const { version } = bindings[0]
        expect(Number.isInteger(version) && version >= 0 && version < 65_536).toBe(true)
      }),
    )
  })

  test.each([65_535, 65_536, 2 ** 31, '99999999999999999999', '0x10', '1e3', '-5'])(
    'the version %s has bounds',
    (version) => {
      const read = bindingOf(`Mozilla/5.0 (X11; Linux x86_64; rv:1.0) Gecko/20100101 Firefox/${version}`)
      expect(read.version).toBeGreaterThanOrEqual(0)
      expect(read.version).toBeLessThan(65_536)
      if (version === 65_535) expect(read.version).toBe(65_535)
    },
  )

  test('what is beyond a length that no device has does not count', () => {
    const long = 'curl/8.5.0'.padEnd(512, ' ')
    expect(recognise(`${long}(iPhone; CPU iPhone OS 17_1 like Mac OS X)`)).toEqual(recognise(long))
    const within = `${long.slice(0, 400)}(iPhone; CPU iPhone OS 17_1 like Mac OS X)`
    expect(recognise(within)).not.toEqual(recognise(long))
  })

  test('100 KB of it take next to no time, ever new ones too', () => {
    const pieces = [
      'a',
      ' ',
      '(',
      '/',
      'a/',
      '/ (',
      'Mozilla/5.0 ',
      'Chrome/1 ',
      'rv:',
      'Android;',
      '\t',
      'é',
      ';)',
    ]
    const from = performance.now()
    for (const piece of pieces)
      for (let turn = 0; turn < 20; turn++) {
        const agent = `${turn} ${piece.repeat(100_000 / piece.length)}`
        expect(recognise(agent).label.length).toBeLessThan(65)
      }
    expect(performance.now() - from).toBeLessThan(2000)
  })
})
