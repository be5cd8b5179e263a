import { patiently } from '../dependencies/patience.ts'
import type { OutboxMessage } from '../ports/optional/outbox.ts'
import type { Delivery, PushReceiver } from './receiver.ts'

const TIMEOUT_MS = 3000

/**
 * One attempt to deliver a message. A receiver that hangs, throws or rejects is one that did not answer.
 *
 * @param calledOff calls the attempt off
 */
export async function attempt(
  receiver: PushReceiver,
  message: OutboxMessage,
  calledOff: AbortController,
): Promise<Delivery> {
  const given: Promise<Delivery> = new Promise((resolve) => {
    calledOff.signal.addEventListener('abort', () => resolve({ kind: 'retry', reason: 'timeout' }))
  })
  const inTime = patiently(receiver.timeoutMs ?? TIMEOUT_MS, () => calledOff.abort())
  try {
    return await Promise.race([receiver.deliver(message, calledOff.signal), given])
  } catch {
    return { kind: 'retry', reason: 'unreachable' }
  } finally {
    inTime()
  }
}
