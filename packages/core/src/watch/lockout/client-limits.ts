import { networkOf } from '../../binding/networks.ts'
import type { Clock } from '../../ports/clock.ts'
import type { AttemptLimit, CounterStore } from '../../ports/optional/counters.ts'
import { createCounterNames } from './names.ts'

/** What OAuth clients may get wrong, and how often. All of it is counted for all processes together. */
export interface ClientLimits {
  /**
   * Counts a failed authentication of a client against the network that it came from. Returns the seconds after which that
   * network may try again, or 0 if it may now.
   */
  failed(ip: string | undefined): Promise<number>
  /**
   * The seconds after which a client may ask about tokens again that this process does not know, or 0 if it may now. Asks
   * no store: this process remembers what {@link ClientLimits.unknown} has found.
   */
  waitOf(client: string): number
  /** Counts a token that was never issued. Says whether it was the one that uses up the limit. */
  unknown(client: string): Promise<{ readonly last: boolean }>
}

export interface ClientLimitsParts {
  /** `undefined` if the store keeps none. */
  readonly counters: CounterStore | undefined
  readonly counterKey: Uint8Array
  /** `undefined`: failed authentications are not counted. */
  readonly failures: AttemptLimit | undefined
  /** `undefined`: unknown tokens are not counted. */
  readonly unknownTokens: AttemptLimit | undefined
  readonly clock: Clock
}

const NOT_LAST = { last: false } as const

export function createClientLimits(parts: ClientLimitsParts): ClientLimits {
  const { counters, failures, unknownTokens, clock } = parts
  const nameOf = createCounterNames(parts.counterKey)
  /** Until when clients wait, by the monotonic clock. The options name all clients, so it does not grow. */
  const blockedUntil = new Map<string, number>()

  return {
    async failed(ip) {
      if (counters === undefined || failures === undefined || ip === undefined) return 0
      const name = nameOf('client_failures', networkOf(ip))
      const outcome = await counters.attempt({ name, limit: failures, at: clock.now() })
      // Where the store is away, the credentials are wrong all the same.
      return outcome.kind === 'blocked' ? seconds(outcome.retryAfterMs) : 0
    },
    waitOf(client) {
      const leftMs = (blockedUntil.get(client) ?? 0) - clock.monotonic()
      return leftMs > 0 ? seconds(leftMs) : 0
    },
    async unknown(client) {
      if (counters === undefined || unknownTokens === undefined) return NOT_LAST
      const name = nameOf('unknown_tokens', client)
      const outcome = await counters.attempt({ name, limit: unknownTokens, at: clock.now() })
      if (outcome.kind === 'unavailable') return NOT_LAST
      const isBlocked = outcome.kind === 'blocked' || outcome.last
      const leftMs = outcome.kind === 'blocked' ? outcome.retryAfterMs : unknownTokens.blockMs
      if (isBlocked) blockedUntil.set(client, clock.monotonic() + leftMs)
      return outcome.kind === 'counted' ? outcome : NOT_LAST
    },
  }
}

function seconds(ms: number): number {
  return Math.ceil(ms / 1000)
}
