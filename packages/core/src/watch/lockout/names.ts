import { createHmac } from 'node:crypto'
import type { CounterName } from '../../ports/optional/counters.ts'

/** What failures are counted by. */
export type CountedBy =
  | 'account'
  | 'known'
  | 'device'
  | 'session'
  | 'network'
  | 'client_failures'
  | 'unknown_tokens'
  | 'package'

/** The name of a counter. The store learns neither the account nor the address. */
export type NameCounter = (by: CountedBy, ...parts: readonly string[]) => CounterName

const NAME_CHARS = 22

export function createCounterNames(key: Uint8Array): NameCounter {
  return (by, ...parts) =>
    createHmac('sha256', key)
      .update(JSON.stringify([by, ...parts]))
      .digest('base64url')
      .slice(0, NAME_CHARS) as CounterName
}
