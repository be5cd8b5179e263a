import { type DriftRule, VERSION_FELL } from '../ports/session.ts'

/** What the User-Agent tells of a device. Each request has all of it: no User-Agent at all is a value, too. */
export type AgentComponent = 'family' | 'system' | 'deviceClass'
/** What the request adds if it can: its network, and the signals that its client sent. */
export type SentComponent = 'network' | SignalName
export type SignalName = 'screen' | 'timezone' | 'languages'

export type CellComponent = AgentComponent | SentComponent

/** What a device is recognised by. `version` drifts only when it decreases, because browsers update themselves. */
export type DeviceComponent = CellComponent | 'version'

const agentComponents: readonly AgentComponent[] = ['family', 'system', 'deviceClass']
export const signalNames: readonly SignalName[] = ['screen', 'timezone', 'languages']
const sentComponents: readonly SentComponent[] = ['network', ...signalNames]
/** In the order of the cells of a `DeviceBinding`, on which stored sessions rely. */
export const cellComponents: readonly CellComponent[] = [...agentComponents, ...sentComponents]
export const components: readonly DeviceComponent[] = [...cellComponents, 'version']

export function isOfAgent(component: CellComponent): component is AgentComponent {
  return (agentComponents as readonly CellComponent[]).includes(component)
}

/**
 * What happens when a component of a session's device changes. `enforce` ends the session. `step_up` refuses the refresh
 * until the user has authenticated again. `observe` only emits an event. `off` does nothing.
 */
export type ComponentPolicy = 'off' | 'observe' | 'step_up' | 'enforce'

export interface BindingSettings {
  readonly components: Readonly<Record<DeviceComponent, ComponentPolicy>>
  /** How many of network and signals must change together for a consequence; 0: none follows. */
  readonly changes: { readonly stepUp: number; readonly end: number }
}

/** The bit of a component in a drift. */
export function bitOf(component: DeviceComponent): number {
  return component === 'version' ? VERSION_FELL : 1 << cellComponents.indexOf(component)
}

/** The rule by which stores judge a drift. */
export function driftRuleOf({ components: policies, changes }: BindingSettings): DriftRule {
  const maskOf = (some: readonly DeviceComponent[], applies: (policy: ComponentPolicy) => boolean): number =>
    some.reduce((mask, component) => (applies(policies[component]) ? mask | bitOf(component) : mask), 0)
  return Object.freeze({
    enforced: maskOf(components, (policy) => policy === 'enforce'),
    stepUp: maskOf(components, (policy) => policy === 'step_up'),
    counted: maskOf(sentComponents, (policy) => policy !== 'off'),
    stepUpAt: changes.stepUp,
    endAt: changes.end,
  })
}
