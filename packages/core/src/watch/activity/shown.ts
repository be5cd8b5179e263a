import type { ActivityEntry } from '../../ports/optional/activity.ts'
import type { Session } from '../../ports/session.ts'
import { printable } from '../../printable.ts'

/** Something that happened to a user, as the user sees it. */
export interface ShownEvent {
  /** ISO 8601, UTC. */
  readonly time: string
  readonly event: string
  readonly outcome: 'success' | 'failure'
  readonly ip: string | null
  /** The device in words, such as "Firefox on Linux". */
  readonly device: string | null
  readonly reason: string | null
}

const MAX_CHARS = 255
const LATEST_TIME = 8.64e15

/** `undefined` for what this library does not write: others may write to the store. */
export function shownEntry({
  at,
  event,
  outcome,
  ip,
  device,
  reason,
}: ActivityEntry): ShownEvent | undefined {
  if (!(at >= 0 && at <= LATEST_TIME)) return undefined
  const shown = (text: string | undefined): string | null =>
    text === undefined ? null : printable(text, MAX_CHARS)
  return {
    ...{ time: new Date(at).toISOString(), event: printable(event, MAX_CHARS), outcome },
    ...{ ip: shown(ip), device: shown(device), reason: shown(reason) },
  }
}

/** The latest refresh of a session, if there was one. */
export function shownRefresh({ generation, rotatedAt, ip, device }: Session): ShownEvent | undefined {
  if (generation === 1) return undefined
  return {
    ...{ time: new Date(rotatedAt).toISOString(), event: 'session.refreshed', outcome: 'success' },
    ...{ ip: ip ?? null, device, reason: null },
  }
}
