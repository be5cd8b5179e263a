import * as v from 'valibot'
import type { OutboxSettings } from '../../outbox/index.ts'
import { group, wholeNumber } from '../values/schema.ts'

export interface OutboxOptions {
  /**
   * How long a service is told something again and again, in seconds, before that is given up. Default 86,400 (1 day); 600
   * to 604,800 (7 days).
   */
  readonly giveUpAfterSeconds?: number | undefined
}

export interface KeptOutboxSettings extends OutboxSettings {
  /** How long the store keeps messages. */
  readonly keptMs: number
}

const DAY = 86_400
const HOUR_MS = 3_600_000

const withDefaults = group({ giveUpAfterSeconds: v.optional(wholeNumber(600, 7 * DAY), DAY) })
export const outboxSchema: v.GenericSchema<
  OutboxOptions | undefined,
  { readonly giveUpAfterSeconds: number } | undefined
> = v.optional(withDefaults)

/** The store keeps messages a little longer, so that one that is given up can still be told. */
export function outboxSettings({ giveUpAfterSeconds = DAY }: OutboxOptions): KeptOutboxSettings {
  const giveUpMs = giveUpAfterSeconds * 1000
  return { giveUpMs, keptMs: giveUpMs + HOUR_MS }
}
