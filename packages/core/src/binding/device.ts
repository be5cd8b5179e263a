import { createHmac } from 'node:crypto'
import Bowser from 'bowser'
import { LRUCache } from 'lru-cache'
import { type DeviceBinding, VERSION_FELL } from '../ports/sessions.ts'

/** What a device is recognised by. `version` drifts only when it decreases, since browsers update themselves. */
export type DeviceComponent = HashedComponent | 'version'
type HashedComponent = 'family' | 'system' | 'deviceClass'

/** The order of the cells. */
const hashedComponents: readonly HashedComponent[] = ['family', 'system', 'deviceClass']
/** Each component's bit in a drift. */
const bits: Readonly<Record<DeviceComponent, number>> = {
  family: 1,
  system: 2,
  deviceClass: 4,
  version: VERSION_FELL,
}

/** `enforce`: a session whose component changes is ended. `observe`: the change is told as an event. */
export type ComponentPolicy = 'off' | 'observe' | 'enforce'

export type BindingSettings = Readonly<Record<DeviceComponent, ComponentPolicy>>

/** What a User-Agent tells about a device. */
export interface Device {
  /** For people, such as "Firefox on Linux". */
  readonly label: string
  /** Under the current secret first, then under each earlier one. */
  readonly bindings: readonly [DeviceBinding, ...DeviceBinding[]]
}

export interface Devices {
  /** Recognises a device by its User-Agent. One that sends none is a kind of its own. */
  recognise(userAgent: string | undefined): Device
  /** The bits of the components that must not change. */
  readonly enforced: number
  /** The components of a drift, except those that are off. */
  drifted(drift: number): DeviceComponent[]
}

const MAX_CHARS = 512
const CACHED = 1000

interface Traits {
  readonly family: string
  readonly system: string
  readonly deviceClass: string
  readonly version: number
}

/** @param keys fingerprint keys, the current one first */
export function createDevices(
  keys: readonly [Uint8Array, ...Uint8Array[]],
  settings: BindingSettings,
): Devices {
  const components: readonly DeviceComponent[] = [...hashedComponents, 'version']
  const seen = new LRUCache<string, Device>({ max: CACHED })

  function build(userAgent: string): Device {
    const traits = readTraits(userAgent)
    const under = (key: Uint8Array): DeviceBinding => ({
      cells: Buffer.concat(hashedComponents.map((component) => cell(key, component, traits[component]))),
      version: traits.version,
    })
    const [current, ...earlier] = keys
    return { label: labelOf(traits), bindings: [under(current), ...earlier.map(under)] }
  }

  return {
    recognise(userAgent = '') {
      const text = userAgent.slice(0, MAX_CHARS)
      const known = seen.get(text)
      if (known !== undefined) return known
      const device = build(text)
      seen.set(text, device)
      return device
    },
    enforced: components
      .filter((one) => settings[one] === 'enforce')
      .reduce((sum, one) => sum | bits[one], 0),
    drifted: (drift) => components.filter((one) => (drift & bits[one]) !== 0 && settings[one] !== 'off'),
  }
}

function readTraits(userAgent: string): Traits {
  // The parser throws on an empty string.
  if (userAgent === '') return { family: '', system: '', deviceClass: '', version: 0 }
  const { browser, os, platform } = Bowser.parse(userAgent)
  const version = Number.parseInt(browser.version ?? '', 10)
  return {
    // The parser names an unknown client with everything up to the last version.
    family: browser.name && !browser.name.includes('/') ? browser.name : productOf(userAgent),
    system: os.name ?? '',
    deviceClass: platform.type ?? '',
    version: version > 0 && version < 65536 ? version : 0,
  }
}

/** Other clients name themselves first (RFC 9110, section 10.1.5). */
function productOf(userAgent: string): string {
  return userAgent.split(/[\s/]/, 1)[0] ?? ''
}

function labelOf({ family, system }: Traits): string {
  const plain = family.replace(/[^\w .-]/g, '').slice(0, 32)
  if (plain === '') return 'Unknown device'
  return system === '' ? plain : `${plain} on ${system}`
}

function cell(key: Uint8Array, component: HashedComponent, value: string): Buffer {
  return createHmac('sha256', key).update(`${component}\0${value}`, 'utf8').digest().subarray(0, 4)
}
