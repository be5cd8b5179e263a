import * as v from 'valibot'
import type { OutboxSettings } from '../../outbox/index.ts'
import { type Entries, group, type Room, room, wholeNumber } from '../values/schema.ts'

/** What is told to other services. */
export interface WithOutbox {
  /**
   * Keeps in the store what is to be told to other services, such as by `@sallyport/signals`, until they have it. All
   * processes of a deployment must agree. Default: nothing is kept, unless `backchannelLogout.clients` is set.
   */
  readonly outbox?: OutboxOptions | undefined
}

export interface OutboxOptions {
  /**
   * How long a service is told something again and again, in seconds, before that is given up. Default 86,400 (1 day); 600
   * to 604,800 (7 days).
   */
  readonly giveUpAfterSeconds?: number | undefined
}

export interface OutboxRoomSettings {
  /** `undefined`: nothing is kept. */
  readonly outbox: (OutboxSettings & { readonly keptMs: number }) | undefined
}

const DAY = 86_400
const HOUR_MS = 3_600_000

const entries = {
  outbox: v.optional(group({ giveUpAfterSeconds: v.optional(wholeNumber(600, 7 * DAY), DAY) })),
} satisfies Entries<WithOutbox>

export const outboxRoom: Room<OutboxRoomSettings> = room(entries, ({ outbox }) => ({
  outbox: outbox && outboxSettings(outbox.giveUpAfterSeconds),
}))

/** The store keeps messages a little longer, so that one that is given up can still be told. */
export function outboxSettings(
  giveUpAfterSeconds: number = DAY,
): OutboxSettings & { readonly keptMs: number } {
  return { giveUpMs: giveUpAfterSeconds * 1000, keptMs: giveUpAfterSeconds * 1000 + HOUR_MS }
}
