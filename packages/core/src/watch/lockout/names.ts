import { createHmac } from 'node:crypto'
import type { CounterName } from '../../ports/optional/counters.ts'

/** What failures are counted by. */
export type Counting = 'account' | 'device' | 'session' | 'network'

/** The name of a counter. The store learns neither the account nor the address. */
export type NameCounter = (counting: Counting, ...parts: readonly string[]) => CounterName

const NAME_CHARS = 22

export function createCounterNames(key: Uint8Array): NameCounter {
  return (counting, ...parts) =>
    createHmac('sha256', key)
      .update(JSON.stringify([counting, ...parts]))
      .digest('base64url')
      .slice(0, NAME_CHARS) as CounterName
}
