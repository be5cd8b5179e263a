import type { Random } from './clock.ts'
import type { KeyStore } from './keys.ts'
import type { RevocationStore } from './revocations.ts'
import type { SessionStore } from './sessions.ts'

/**
 * A place where sessions, revocations and keys are kept; opened by `createSallyport`.
 *
 * These three are what every store has. A capability that some stores lack becomes an optional member, and whatever
 * needs it says so at start.
 */
export interface Store {
  readonly sessions: SessionStore
  readonly revocations: RevocationStore
  readonly keys: KeyStore
  /** Whether the store answers now, within its time-out. */
  ping(): Promise<boolean>
  close(): Promise<void>
}

export interface StoreContext {
  /** Takes what an operator should know, in one line without secrets. */
  readonly notice: (message: string) => void
  readonly random: Random
}

/** What the option `store` takes, such as `memoryStore()` or `redisStore()`. */
export interface StoreDriver {
  readonly name: string
  /** Whether several processes can share it. */
  readonly shared: boolean
  /**
   * Opens the store. Resolves even while it cannot be reached. Throws a `ConfigError` when the store itself reports a
   * wrong set-up, such as a wrong password, missing rights or another kind of server.
   */
  open(context: StoreContext): Promise<Store>
}
