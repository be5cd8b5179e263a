import type { BackchannelSettings } from '../../backchannel/index.ts'
import { type Entries, type Room, room } from '../values/schema.ts'
import { type BackchannelLogoutOptions, backchannelSchema, backchannelSettings } from './backchannel.ts'
import { type KeptOutboxSettings, type OutboxOptions, outboxSchema, outboxSettings } from './outbox.ts'

export type { BackchannelLogoutOptions, LogoutClientOptions, LogoutIssuerOptions } from './backchannel.ts'
export type { OutboxOptions } from './outbox.ts'

/** What is told to other services, and taken from them. */
export interface WithLogout {
  /**
   * Keeps in the store what is to be told to other services, such as by `@sallyport/signals`, until they have it. All
   * processes of a deployment must agree. Default: nothing is kept, unless `backchannelLogout.clients` is set.
   */
  readonly outbox?: OutboxOptions | undefined
  /**
   * Tells other services when sessions end, and takes their word that one has ended, by OpenID Connect Back-Channel Logout
   * 1.0. Default: neither.
   */
  readonly backchannelLogout?: BackchannelLogoutOptions | undefined
}

export interface LogoutSettings {
  /** `undefined`: nothing is kept. */
  readonly outbox: KeptOutboxSettings | undefined
  readonly backchannel: BackchannelSettings
}

const entries = { outbox: outboxSchema, backchannelLogout: backchannelSchema } satisfies Entries<WithLogout>

export const logoutRoom: Room<LogoutSettings> = room(entries, ({ outbox, backchannelLogout }) => {
  const backchannel = backchannelSettings(backchannelLogout)
  const isNeeded = outbox !== undefined || backchannel.clients.length > 0
  return { outbox: isNeeded ? outboxSettings(outbox ?? {}) : undefined, backchannel }
})
