import { randomUUID } from 'node:crypto'
import {
  type Alert,
  type AnomaliesOptions,
  type AnomalyRule,
  createSallyport,
  type EventToTell,
  memoryStore,
  type SallyportEvent,
  type SallyportOptions,
} from '@sallyport/core'
import { expect } from 'vitest'
import { type TurnedClock, turnedClock } from '../support/turned-clock.ts'

export const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0'
export const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36'
export const SAFARI =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1'

/** Is found at once, so that a test knows that all before it has been judged. */
const mark: AnomalyRule = {
  ...{ name: 'mark', events: ['password.changed'], windowSeconds: 1, most: 1, alert: false },
  observe: ({ reason }) => (reason === 'mark' ? {} : undefined),
  judge: () => ({ summary: 'all before it has been judged' }),
}

export interface World {
  readonly sallyport: Awaited<ReturnType<typeof createSallyport>>
  readonly clock: TurnedClock
  /** What was told of alerts: the events. */
  readonly raised: SallyportEvent[]
  readonly alerts: Alert[]
  emit(...events: readonly EventToTell[]): void
  /** Waits until all events have been judged. */
  judged(): Promise<void>
  /** Emits, and gives the reasons of the alerts that were raised for it. */
  raisedBy(...events: readonly EventToTell[]): Promise<readonly string[]>
}

export async function anomaliesWorld(
  anomalies: AnomaliesOptions = {},
  options: SallyportOptions = {},
): Promise<World> {
  const clock = turnedClock()
  const raised: SallyportEvent[] = []
  const alerts: Alert[] = []
  const { own = [], onAlert, ...rest } = anomalies
  const sallyport = await createSallyport({
    secret: 'a secret of the test, with its 32 bytes',
    ...{ store: memoryStore(), clock },
    anomalies: {
      ...{ ...rest, own: [...own, mark] },
      onAlert(alert) {
        alerts.push(alert)
        return onAlert?.(alert)
      },
    },
    ...options,
  })
  let marks = 0
  let heard: () => void = () => {}
  sallyport.on('event', (event) => {
    if (event.event !== 'alert.raised') return
    if (event.reason === 'mark') heard()
    else raised.push(event)
  })
  const judged = (): Promise<void> =>
    new Promise((resolve) => {
      heard = resolve
      const request_id = `mark-${marks++}`
      sallyport.emit({ event: 'password.changed', outcome: 'success', reason: 'mark', request_id })
    })
  const emit = (...events: readonly EventToTell[]): void => {
    for (const event of events) sallyport.emit(event)
  }
  return {
    ...{ sallyport, clock, raised, alerts, judged, emit },
    async raisedBy(...events) {
      const before = raised.length
      emit(...events)
      await judged()
      return raised.slice(before).map(({ reason = '' }) => reason)
    },
  }
}

interface Where {
  readonly ip?: string
  readonly user_agent?: string
  readonly request_id?: string
}

export const failed = (ip: string, more: object = {}): EventToTell => ({
  ...{ event: 'login.failed', outcome: 'failure', reason: 'invalid_credentials', ip },
  ...more,
})
export const started = (sub: string, where: Where = {}): EventToTell => ({
  ...{ event: 'session.started', outcome: 'success', sub, sid: `sid of ${sub}`, jti: `jti of ${sub}` },
  ...{ client_id: 'web', ip: '192.0.2.1', user_agent: FIREFOX },
  ...where,
})
export const refreshed = (
  sid: string,
  where: Where = {},
  reason = 'rotated',
  sub = `user of ${sid}`,
): EventToTell => ({
  ...{ event: 'session.refreshed', outcome: 'success', sub, sid, jti: randomUUID() },
  ...{ client_id: 'web', ip: '192.0.2.1', user_agent: FIREFOX, reason },
  ...where,
})
export const accepted = (jti: string, ip: string): EventToTell => ({
  ...{ event: 'token.accepted', outcome: 'success', sub: 'user', jti, ip },
})
export const refused = (reason: string, ip = '192.0.2.1'): EventToTell => ({
  ...{ event: 'token.refused', outcome: 'failure', reason, ip },
})

export function times<T>(count: number, make: (nth: number) => T): T[] {
  return Array.from({ length: count }, (_, nth) => make(nth))
}

/** An alert as its event tells it. */
export function expectRaised(event: SallyportEvent | undefined, more: object): void {
  expect(event).toMatchObject({ event: 'alert.raised', outcome: 'success', ...more })
}
