import { createHmac } from 'node:crypto'
import type { Clock } from '../../ports/clock.ts'
import type { Alert } from './alert.ts'

export interface WebhookSettings {
  readonly url: string
  /** By which requests are signed. */
  readonly key: Uint8Array
  /** How long one request may take. */
  readonly timeoutMs: number
}

/** Tells alerts to a server of the operator. */
export interface Webhook {
  /** Sends an alert, again and again if it has to. Nobody waits for it. */
  send(alert: Alert): void
  /** How many alerts were not delivered. */
  lost(): number
  /** Gives up what is to be sent again, and waits for the requests that are under way. */
  close(): Promise<void>
}

export interface WebhookParts extends WebhookSettings {
  /** How long is waited before each attempt. */
  readonly pausesMs?: readonly number[]
  readonly clock: Clock
  readonly notice: (message: string) => void
}

/** How many alerts may be on their way. Beyond that, they are dropped and counted. */
const MAX_UNDELIVERED = 100
const PAUSES_MS = [0, 1000, 5000, 25_000]
const NOT_TAKEN = 'the webhook of "anomalies" does not take alerts: look at its server'
const TOO_MANY = `alerts were not sent to the webhook of "anomalies": ${MAX_UNDELIVERED} others are on their way`
const NO_JSON =
  'an alert was not sent to the webhook of "anomalies": its event has a member that JSON cannot hold; this is told once'

/**
 * Sends each alert as a signed POST request. Any answer but 2xx counts as a failure, and redirects are not followed.
 *
 * @see [Standard Webhooks](https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md)
 */
export function createWebhook(parts: WebhookParts): Webhook {
  const { url, key, timeoutMs, clock, notice, pausesMs = PAUSES_MS } = parts
  const closing = new AbortController()
  const undelivered = new Set<Promise<void>>()
  const told = new Set<string>()
  let lost = 0

  async function deliver(id: string, body: string): Promise<void> {
    for (const pauseMs of pausesMs) {
      await pause(pauseMs, closing.signal)
      if (closing.signal.aborted) break
      if (await attempt(id, body)) {
        told.delete(NOT_TAKEN)
        told.delete(TOO_MANY)
        return
      }
    }
    lose(NOT_TAKEN)
  }

  function lose(why: string): void {
    lost++
    if (!told.has(why)) notice(why)
    told.add(why)
  }

  async function attempt(id: string, body: string): Promise<boolean> {
    const seconds = Math.floor(clock.now() / 1000)
    const signature = createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')
    try {
      const answer = await fetch(url, {
        ...{ method: 'POST', body, redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) },
        headers: {
          'content-type': 'application/json',
          'webhook-id': id,
          'webhook-timestamp': `${seconds}`,
          'webhook-signature': `v1,${signature}`,
        },
      })
      await answer.body?.cancel()
      return answer.ok
    } catch {
      return false
    }
  }

  return {
    send(alert) {
      if (closing.signal.aborted) return lose(NOT_TAKEN)
      if (undelivered.size >= MAX_UNDELIVERED) return lose(TOO_MANY)
      const body = bodyOf(alert)
      if (body === undefined) return lose(NO_JSON)
      const delivery = deliver(alert.id, body)
      undelivered.add(delivery)
      void delivery.then(() => undelivered.delete(delivery))
    },
    lost: () => lost,
    async close() {
      closing.abort()
      await Promise.all(undelivered)
    },
  }
}

/** `undefined` if the application has added a member to the event that JSON cannot hold. */
function bodyOf({ id: _id, time, ...data }: Alert): string | undefined {
  try {
    return JSON.stringify({ type: 'alert.raised', timestamp: time, data })
  } catch {
    return undefined
  }
}

/** Waits, unless it is called off. */
function pause(milliseconds: number, calledOff: AbortSignal): Promise<void> {
  if (milliseconds === 0 || calledOff.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds)
    timer.unref()
    calledOff.addEventListener('abort', done)
    function done(): void {
      clearTimeout(timer)
      calledOff.removeEventListener('abort', done)
      resolve()
    }
  })
}
