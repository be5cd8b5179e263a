import type { KeyInfo, SallyportEvent, Session } from '@sallyport/core'
import type { SeenSession } from './seen-sessions.ts'

export type DeviceName = (userAgent: string | undefined) => string

/** An event as the page gets it: with the device in words. */
export function shownEvent(event: SallyportEvent, deviceName: DeviceName): object {
  return event.user_agent === undefined ? event : { ...event, device: deviceName(event.user_agent) }
}

export function shownSeenSession(session: SeenSession, deviceName: DeviceName): object {
  const { sid, sub, userAgent, ip = null, startedAt = null, lastSeenAt } = session
  return { sid, sub, device: deviceName(userAgent), ip, started_at: startedAt, last_seen_at: lastSeenAt }
}

export function shownSession({ id, subject, device, ip, createdAt, rotatedAt }: Session): object {
  return {
    ...{ sid: id, sub: subject, device, ip: ip ?? null },
    started_at: new Date(createdAt).toISOString(),
    last_seen_at: new Date(rotatedAt).toISOString(),
  }
}

/** Keys in the options have no age. That of others counts from when they began to sign. */
export function shownKeys(keys: readonly KeyInfo[], now: number): readonly object[] {
  const next = keys.findLast(({ state }) => state === 'pending')
  return keys.map(({ kid, alg, state, signsFrom }) => ({
    ...{ kid, alg, state },
    created_at: isoOf(signsFrom) ?? null,
    age_seconds: signsFrom === undefined ? null : Math.max(0, Math.floor((now - signsFrom) / 1000)),
    ...(state === 'active' && next !== undefined ? { next: isoOf(next.signsFrom) } : {}),
  }))
}

function isoOf(at: number | undefined): string | undefined {
  return at === undefined ? undefined : new Date(at).toISOString()
}
