import { createHmac } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { CELL_BYTES, type DeviceBinding, type DriftRule } from '../ports/session.ts'
import {
  type BindingSettings,
  bitOf,
  type CellComponent,
  cellComponents,
  components,
  driftRuleOf,
  isOfAgent,
  signalNames,
} from './components.ts'
import { regionOf } from './networks.ts'
import { NO_SIGNALS, readSignals, type Signals } from './signals.ts'
import { labelOf, readTraits, type Traits } from './traits.ts'

/** What a request shows of the device that sent it. */
export interface Evidence {
  /** The address in canonical form. */
  readonly caller: { readonly ip?: string | undefined }
  readonly userAgent: string | undefined
  /** Every `Device-Signals` field, as received. */
  readonly signals: readonly string[]
}

/** A device as it showed itself in one request. */
export interface Device {
  /** A name for people, such as "Firefox on Linux". */
  readonly label: string
  /** The device, hashed under the current secret first, then under each earlier one. */
  readonly bindings: readonly [DeviceBinding, ...DeviceBinding[]]
  readonly signals: Signals['kind']
}

export interface Devices {
  /** Recognises the device of a request. All devices that send no User-Agent count as one kind. */
  recognise(evidence: Evidence): Device
  /** The name for people of the device that has this User-Agent. */
  labelOf(userAgent: string | undefined): string
  /** What follows when a device has changed. */
  readonly rule: DriftRule
  /** The components that drifted, except those that are off, separated by spaces. */
  changed(drift: number): string
}

const MAX_CHARS = 512
const AGENTS_REMEMBERED = 1000
/** Those that show nothing but a User-Agent and an address, as most do. */
const DEVICES_REMEMBERED = 4000
/** Of each key. An address or a signal is a few bytes, and at most 512. */
const CELLS_REMEMBERED = 4000
const NOT_SENT = Buffer.alloc(CELL_BYTES)

interface Agent {
  readonly traits: Traits
  readonly label: string
}

/** What a request shows of each component; `undefined` for what it does not show. */
type Shown = (component: CellComponent) => string | undefined

/** @param keys fingerprint keys, the current one first */
export function createDevices(
  keys: readonly [Uint8Array, ...Uint8Array[]],
  settings: BindingSettings,
): Devices {
  const policies = settings.components
  const comparesSignals = signalNames.some((name) => policies[name] !== 'off')
  const [currentCells, ...earlierCells] = [createCells(keys[0]), ...keys.slice(1).map(createCells)] as const
  const agents = new LRUCache<string, Agent>({ max: AGENTS_REMEMBERED })
  const devices = new LRUCache<string, Device>({ max: DEVICES_REMEMBERED })

  function agentOf(userAgent: string): Agent {
    const known = agents.get(userAgent)
    if (known !== undefined) return known
    const traits = readTraits(userAgent)
    const agent = { traits, label: labelOf(traits) }
    agents.set(userAgent, agent)
    return agent
  }

  function read(userAgent: string, ip: string | undefined, signals: Signals): Device {
    const { traits, label } = agentOf(userAgent)
    const values = signals.kind === 'sent' ? signals.values : {}
    const shown: Shown = (component) => {
      if (isOfAgent(component)) return traits[component]
      // What is off is not stored either.
      if (policies[component] === 'off') return undefined
      return component === 'network' ? ip : values[component]
    }
    const bind = (cells: Cells): DeviceBinding => ({ cells: cells(shown), version: traits.version })
    return { label, bindings: [bind(currentCells), ...earlierCells.map(bind)], signals: signals.kind }
  }

  function readPlain(userAgent: string, ip: string | undefined): Device {
    const name = `${ip ?? ''}\0${userAgent}`
    const known = devices.get(name)
    if (known !== undefined) return known
    const device = read(userAgent, ip, NO_SIGNALS)
    devices.set(name, device)
    return device
  }

  return {
    rule: driftRuleOf(settings),
    labelOf: (userAgent) => agentOf(shortened(userAgent)).label,
    recognise({ userAgent, caller, signals }) {
      const agent = shortened(userAgent)
      return comparesSignals && signals.length > 0
        ? read(agent, caller.ip, readSignals(signals))
        : readPlain(agent, caller.ip)
    },
    changed: (drift) =>
      components
        .filter((component) => (drift & bitOf(component)) !== 0 && policies[component] !== 'off')
        .join(' '),
  }
}

function shortened(userAgent = ''): string {
  return userAgent.length > MAX_CHARS ? userAgent.slice(0, MAX_CHARS) : userAgent
}

/** The cells of a device under one key, up to the last one that is shown. */
type Cells = (shown: Shown) => Uint8Array

function createCells(key: Uint8Array): Cells {
  const remembered = new LRUCache<string, Buffer>({ max: CELLS_REMEMBERED })

  function cellOf(component: CellComponent, value: string): Buffer {
    const name = `${component}\0${value}`
    const known = remembered.get(name)
    if (known !== undefined) return known
    const text = component === 'network' ? `network\0${regionOf(value)}` : name
    const cell = createHmac('sha256', key).update(text, 'utf8').digest().subarray(0, CELL_BYTES)
    remembered.set(name, cell)
    return cell
  }

  return (shown) => {
    const cells = cellComponents.map((component) => {
      const value = shown(component)
      return value === undefined ? NOT_SENT : cellOf(component, value)
    })
    const count = cells.findLastIndex((cell) => cell !== NOT_SENT) + 1
    return Buffer.concat(cells.slice(0, count))
  }
}
