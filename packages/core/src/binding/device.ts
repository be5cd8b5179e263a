import { createHmac } from 'node:crypto'
import Bowser from 'bowser'
import { LRUCache } from 'lru-cache'
import { type DeviceBinding, VERSION_FELL } from '../ports/session.ts'

/** What a device is recognised by. `version` drifts only when it decreases, because browsers update themselves. */
export type DeviceComponent = HashedComponent | 'version'
type HashedComponent = 'family' | 'system' | 'deviceClass'

/** The components in the order of the cells of a {@link DeviceBinding}. */
const hashedComponents: readonly HashedComponent[] = ['family', 'system', 'deviceClass']
/** The bit of each component in a drift. */
const bits: Readonly<Record<DeviceComponent, number>> = {
  family: 1,
  system: 2,
  deviceClass: 4,
  version: VERSION_FELL,
}

/**
 * What happens when a component of a session's device changes. `enforce` ends the session. `observe` only emits an
 * event. `off` does nothing.
 */
export type ComponentPolicy = 'off' | 'observe' | 'enforce'

export type BindingSettings = Readonly<Record<DeviceComponent, ComponentPolicy>>

/** What the User-Agent reveals about a device. */
export interface Device {
  /** A name for people, such as "Firefox on Linux". */
  readonly label: string
  /** The device, hashed under the current secret first, then under each earlier one. */
  readonly bindings: readonly [DeviceBinding, ...DeviceBinding[]]
}

export interface Devices {
  /** Recognises a device by its User-Agent. All devices that send none count as the same. */
  recognise(userAgent: string | undefined): Device
  /** The bits of the components that must not change. */
  readonly enforced: number
  /** The components that drifted, except those that are off. */
  drifted(drift: number): DeviceComponent[]
}

const MAX_CHARS = 512
const DEVICES_REMEMBERED = 1000

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
  const remembered = new LRUCache<string, Device>({ max: DEVICES_REMEMBERED })

  function build(userAgent: string): Device {
    const traits = readTraits(userAgent)
    const bindUnder = (key: Uint8Array): DeviceBinding => ({
      cells: Buffer.concat(hashedComponents.map((component) => cell(key, component, traits[component]))),
      version: traits.version,
    })
    const [current, ...earlier] = keys
    return { label: labelOf(traits), bindings: [bindUnder(current), ...earlier.map(bindUnder)] }
  }

  return {
    recognise(userAgent = '') {
      const shortened = userAgent.slice(0, MAX_CHARS)
      const known = remembered.get(shortened)
      if (known !== undefined) return known
      const device = build(shortened)
      remembered.set(shortened, device)
      return device
    },
    enforced: components
      .filter((component) => settings[component] === 'enforce')
      .reduce((mask, component) => mask | bits[component], 0),
    drifted: (drift) =>
      components.filter((component) => (drift & bits[component]) !== 0 && settings[component] !== 'off'),
  }
}

function readTraits(userAgent: string): Traits {
  // The parser throws on an empty string.
  if (userAgent === '') return { family: '', system: '', deviceClass: '', version: 0 }
  const { browser, os, platform } = Bowser.parse(userAgent)
  const version = Number.parseInt(browser.version ?? '', 10)
  return {
    // For an unknown client, the parser returns everything before the last version as the name.
    family: browser.name && !browser.name.includes('/') ? browser.name : productOf(userAgent),
    system: os.name ?? '',
    deviceClass: platform.type ?? '',
    version: version > 0 && version < 65536 ? version : 0,
  }
}

/** The product that a User-Agent names first (RFC 9110, section 10.1.5). */
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
