import * as v from 'valibot'
import type { BindingSettings, ComponentPolicy, DeviceComponent } from '../binding/components.ts'
import { type Entries, group, oneOf, type Room, room, wholeNumber } from './values/schema.ts'

/** How devices are recognised. */
export interface WithBinding {
  /** A preset, or what differs from one. Default `balanced`. */
  readonly binding?: BindingPreset | BindingOptions | undefined
}

/**
 * What happens to a session whose device changes.
 *
 * - `off`: nothing. No device is compared.
 * - `balanced`: another browser, system or device class ends the session. An older version, another network and other
 *   signals only emit an event. If the network and all three signals change together, a step-up is asked for.
 * - `strict`: the same, but two changes of network and signals end the session.
 */
export type BindingPreset = 'off' | 'balanced' | 'strict'

/** What happens to a session when a component of its device changes; what is left out is as in the preset. */
export type BindingOptions = {
  readonly [Component in DeviceComponent]?: ComponentPolicy | undefined
} & {
  /** Default `balanced`. */
  readonly preset?: BindingPreset | undefined
  /** What follows when several components change together. */
  readonly changes?: ChangesOptions | undefined
}

/** How many changes have a consequence. Those of the network and the three signals count, unless they are `off`. */
export interface ChangesOptions {
  /** So many changes ask for a step-up: 1 to 4, or 0 for never. Default: 4; with the presets `strict` and `off` 0. */
  readonly stepUp?: number | undefined
  /** So many changes end the session: 1 to 4, or 0 for never. Default: 0; with the preset `strict` 2. */
  readonly end?: number | undefined
}

type Components = BindingSettings['components']

const nothing: Components = {
  ...({ family: 'off', system: 'off', deviceClass: 'off', version: 'off' } as const),
  ...({ network: 'off', screen: 'off', timezone: 'off', languages: 'off' } as const),
}
const usual: Components = {
  ...({ family: 'enforce', system: 'enforce', deviceClass: 'enforce', version: 'observe' } as const),
  ...({ network: 'observe', screen: 'observe', timezone: 'observe', languages: 'observe' } as const),
}

const presets: Readonly<Record<BindingPreset, BindingSettings>> = {
  off: { components: nothing, changes: { stepUp: 0, end: 0 } },
  balanced: { components: usual, changes: { stepUp: 4, end: 0 } },
  strict: { components: usual, changes: { stepUp: 0, end: 2 } },
}

const preset = oneOf('off', 'balanced', 'strict')
const policy = v.optional(oneOf('off', 'observe', 'step_up', 'enforce'))
const changes = v.optional(wholeNumber(0, 4))

const details = group({
  preset: v.optional(preset),
  ...{ family: policy, system: policy, deviceClass: policy, version: policy },
  ...{ network: policy, screen: policy, timezone: policy, languages: policy },
  changes: v.optional(group({ stepUp: changes, end: changes })),
})
const choice = v.custom<BindingPreset>(
  (given) => v.is(preset, given),
  '"off", "balanced", "strict", or an object with what differs from one of them',
)
type Given = v.InferOutput<typeof choice> | v.InferOutput<typeof details>

const entries = {
  binding: v.optional(
    // A union would not say which member of the object is wrong.
    v.lazy(
      (given): v.GenericSchema<unknown, Given> =>
        typeof given === 'object' && given !== null ? details : choice,
    ),
    'balanced',
  ),
} satisfies Entries<WithBinding>

export const bindingRoom: Room<{ readonly binding: BindingSettings }> = room(entries, ({ binding }) => ({
  binding: settingsOf(typeof binding === 'string' ? { preset: binding } : binding),
}))

function settingsOf({
  preset: name = 'balanced',
  changes: given,
  ...policies
}: BindingOptions): BindingSettings {
  const base = presets[name]
  return {
    components: { ...base.components, ...defined(policies) },
    changes: { ...base.changes, ...defined(given ?? {}) },
  }
}

/** Only the members that are there. */
function defined<T extends object>(members: T): { [Name in keyof T]: Exclude<T[Name], undefined> } {
  const given = Object.entries(members).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as { [Name in keyof T]: Exclude<T[Name], undefined> }
}
