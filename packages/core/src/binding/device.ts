import { createHmac } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { CELL_BYTES, type DeviceBinding, type DriftRule } from '../ports/session.ts'
import {
  agentComponents,
  type BindingSettings,
  bitOf,
  components,
  type DeviceComponent,
  driftRuleOf,
  type SentComponent,
  sentComponents,
  signalNames,
} from './components.ts'
import { regionOf } from './networks.ts'
import { readSignals, type Signals } from './signals.ts'
import { labelOf, readTraits } from './traits.ts'

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
const DEVICES_REMEMBERED = 1000
const NOT_SENT = Buffer.alloc(CELL_BYTES)

/** What was found out about a User-Agent. */
interface Agent {
  readonly label: string
  readonly version: number
  /** Its cells under each key. */
  readonly cells: readonly Buffer[]
}
type Sent = Readonly<Partial<Record<SentComponent, string>>>

/** @param keys fingerprint keys, the current one first */
export function createDevices(
  keys: readonly [Uint8Array, ...Uint8Array[]],
  settings: BindingSettings,
): Devices {
  const policies = settings.components
  const comparesSignals = signalNames.some((name) => policies[name] !== 'off')
  const remembered = new LRUCache<string, Agent>({ max: DEVICES_REMEMBERED })

  function agentOf(userAgent = ''): Agent {
    const shortened = userAgent.slice(0, MAX_CHARS)
    const known = remembered.get(shortened)
    if (known !== undefined) return known
    const traits = readTraits(shortened)
    const cellsUnder = (key: Uint8Array): Buffer =>
      Buffer.concat(agentComponents.map((component) => cell(key, component, traits[component])))
    const agent = { label: labelOf(traits), version: traits.version, cells: keys.map(cellsUnder) }
    remembered.set(shortened, agent)
    return agent
  }

  /** What is off is not stored either. */
  function sentBy({ caller: { ip } }: Evidence, signals: Signals): Sent {
    const all: Sent = {
      ...(ip === undefined ? {} : { network: regionOf(ip) }),
      ...(signals.kind === 'sent' ? signals.values : {}),
    }
    return Object.fromEntries(
      sentComponents.map((name) => [name, policies[name] === 'off' ? undefined : all[name]]),
    )
  }

  return {
    rule: driftRuleOf(settings),
    labelOf: (userAgent) => agentOf(userAgent).label,
    recognise(evidence) {
      const { label, version, cells } = agentOf(evidence.userAgent)
      const signals = readSignals(comparesSignals ? evidence.signals : [])
      const sent = sentBy(evidence, signals)
      const bindUnder = (key: Uint8Array, index: number): DeviceBinding => ({
        cells: Buffer.concat([cells[index] ?? NOT_SENT, ...sentCells(key, sent)]),
        version,
      })
      const [current, ...earlier] = keys
      const bindings = [
        bindUnder(current, 0),
        ...earlier.map((key, index) => bindUnder(key, index + 1)),
      ] as const
      return { label, bindings, signals: signals.kind }
    },
    changed: (drift) =>
      components
        .filter((component) => (drift & bitOf(component)) !== 0 && policies[component] !== 'off')
        .join(' '),
  }
}

/** The cells behind those of the User-Agent, up to the last one that was sent. */
function sentCells(key: Uint8Array, sent: Sent): readonly Buffer[] {
  const count = sentComponents.findLastIndex((component) => sent[component] !== undefined) + 1
  return sentComponents.slice(0, count).map((component) => {
    const value = sent[component]
    return value === undefined ? NOT_SENT : cell(key, component, value)
  })
}

function cell(key: Uint8Array, component: DeviceComponent, value: string): Buffer {
  return createHmac('sha256', key).update(`${component}\0${value}`, 'utf8').digest().subarray(0, CELL_BYTES)
}
