import type { Devices } from '../../binding/device.ts'
import { ConfigError } from '../../errors.ts'
import type { Clock, Random } from '../../ports/clock.ts'
import type { CounterStore } from '../../ports/optional/counters.ts'
import type { SightingStore } from '../../ports/optional/sightings.ts'
import type { OnAlert } from '../alerts/alert.ts'
import { createResponses, type EndSession, type LockAccount } from '../alerts/responses.ts'
import { createRisk, type Risk } from '../alerts/risk.ts'
import { createWebhook, type Webhook, type WebhookSettings } from '../alerts/webhook.ts'
import type { Callbacks } from '../callbacks.ts'
import type { Emit } from '../events.ts'
import { builtInRules, type RulesSettings } from './built-in.ts'
import { createCases } from './cases.ts'
import { createCircumstances, createHashes } from './circumstances.ts'
import { createEvaluation, type Evaluation } from './evaluation.ts'
import { createLocations } from './locations.ts'
import type { AnomalyRule } from './rule.ts'

/** The parsed option `anomalies`. */
export interface AnomaliesSettings {
  readonly rules: RulesSettings
  readonly own: readonly AnomalyRule[]
  readonly onAlert: OnAlert | undefined
  readonly webhook: WebhookSettings | undefined
}

/** Finds anomalies in events, and does what follows. */
export interface Anomalies extends Evaluation {
  readonly risk: Risk
  readonly webhook: Webhook | undefined
}

export interface AnomaliesParts {
  /** `undefined` if the store keeps none. */
  readonly sightings: SightingStore | undefined
  /** `undefined` if the store has none, so that no account can be locked. */
  readonly counters: CounterStore | undefined
  readonly sightingKey: Uint8Array
  readonly devices: Pick<Devices, 'labelOf'>
  readonly endSession: EndSession
  readonly lockAccount: LockAccount
  readonly emit: Emit
  readonly callbacks: Callbacks
  readonly notice: (message: string) => void
  readonly clock: Clock
  readonly random: Random
}

const ID_BYTES = 6

/**
 * @param settings `undefined` if the application does not want it
 */
export function createAnomalies(
  settings: AnomaliesSettings | undefined,
  parts: AnomaliesParts,
): Anomalies | undefined {
  if (settings === undefined) return undefined
  const { sightings: store, callbacks, clock, random } = parts
  if (store === undefined)
    throw new ConfigError('store', {
      sentence: '"store" cannot keep what is seen, which the option "anomalies" needs',
    })
  const rules = [...builtInRules(settings.rules), ...settings.own]
  const locking = rules.find(({ lock }) => lock)
  if (locking !== undefined && parts.counters === undefined)
    throw new ConfigError('store', {
      sentence: `"store" has no counters, which "lock" of the rule "${locking.name}" needs`,
    })
  const hashes = createHashes(parts.sightingKey)
  const risk = createRisk({ store, clock, nameOf: hashes.nameOf, hashOf: (rule) => hashes.of('rule', rule) })
  const webhook = settings.webhook && createWebhook({ ...parts, ...settings.webhook })
  const origin = Buffer.from(random(ID_BYTES)).toString('base64url')
  let counted = 0
  const nextId = (): string => `${origin}.${counted++}`
  const travel = settings.rules.impossible_travel
  return {
    ...createEvaluation({
      rules,
      casesOf: (rule) => createCases(rule, { hashes, callbacks, nextId }),
      circumstancesOf: createCircumstances(hashes, parts.devices),
      locationsOf: createLocations(travel === false ? undefined : travel.locate, parts),
      responses: createResponses({ ...parts, risk, webhook, onAlert: settings.onAlert }),
      ...{ store, callbacks, clock },
    }),
    ...{ risk, webhook },
  }
}
