import { patiently } from '../dependencies/patience.ts'
import type { OutboxMessage } from '../ports/optional/outbox.ts'
import type { Delivery, PushReceiver } from './receiver.ts'

const TIMEOUT_MS = 3000

/** One attempt to deliver a message. A receiver that hangs, throws or rejects is one that did not answer. */
export async function attempt(
  receiver: PushReceiver,
  message: OutboxMessage,
  stopping: AbortSignal,
): Promise<Delivery> {
  const calledOff = new AbortController()
  const given: Promise<Delivery> = new Promise((resolve) => {
    calledOff.signal.addEventListener('abort', () => resolve({ kind: 'retry', reason: 'timeout' }))
  })
  const abort = (): void => calledOff.abort()
  const inTime = patiently(receiver.timeoutMs ?? TIMEOUT_MS, abort)
  stopping.addEventListener('abort', abort)
  try {
    return await Promise.race([receiver.deliver(message, calledOff.signal), given])
  } catch {
    return { kind: 'retry', reason: 'unreachable' }
  } finally {
    inTime()
    stopping.removeEventListener('abort', abort)
  }
}
