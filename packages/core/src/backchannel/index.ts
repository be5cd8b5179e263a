import type { OwnOutbox } from '../outbox/index.ts'
import { createLogoutTaking, type LogoutSender, type ReceivingParts, type TakeLogout } from './received.ts'
import { createLogoutReceiver, type LogoutClient, type SendingParts } from './sent.ts'

export type { FindSessions, FoundSessions } from './found.ts'
export type { LogoutSender, TakeLogout } from './received.ts'
export type { LogoutClient } from './sent.ts'
export type { LogoutClaims } from './token.ts'

export interface BackchannelSettings {
  readonly clients: readonly LogoutClient[]
  readonly senders: readonly LogoutSender[]
}

export interface BackchannelParts extends ReceivingParts, SendingParts {
  readonly outbox: Pick<OwnOutbox, 'push'>
}

/** Signs users out of other services, and takes their word. `undefined` if nobody's is taken. */
export async function createBackchannel(
  { clients, senders }: BackchannelSettings,
  parts: BackchannelParts,
): Promise<TakeLogout | undefined> {
  const take = await createLogoutTaking(senders, parts)
  // Nobody is told anything by a deployment whose options are refused.
  for (const client of clients) parts.outbox.push(createLogoutReceiver(client, parts))
  return take
}
