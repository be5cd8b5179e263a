import type { Random } from './clock.ts'
import type { KeyStore } from './keys.ts'
import type { ActivityStore } from './optional/activity.ts'
import type { ApiKeyStore } from './optional/api-keys.ts'
import type { CounterStore } from './optional/counters.ts'
import type { DocumentStore } from './optional/documents.ts'
import type { OnceStore } from './optional/once.ts'
import type { OutboxStore } from './optional/outbox.ts'
import type { SightingStore } from './optional/sightings.ts'
import type { SubjectKeyStore } from './optional/subject-keys.ts'
import type { RevocationStore } from './revocations.ts'
import type { SessionStore } from './sessions.ts'

/**
 * An open store, which keeps sessions, revocations and keys. `createSallyport` opens it.
 *
 * Every store has sessions, revocations and keys. A capability that some stores lack is an optional member, and a feature
 * that needs it says so.
 */
export interface Store {
  readonly sessions: SessionStore
  readonly revocations: RevocationStore
  readonly keys: KeyStore
  /** For lockouts. */
  readonly counters?: CounterStore
  /** For what users see of what happened to them. */
  readonly activity?: ActivityStore
  /** For the pseudonyms of the audit trail. */
  readonly subjectKeys?: SubjectKeyStore
  /** For the rules by which anomalies are found. */
  readonly sightings?: SightingStore
  /** For what may happen once, such as the use of a DPoP proof. */
  readonly once?: OnceStore
  /** For API keys. */
  readonly apiKeys?: ApiKeyStore
  /** For what is told to other services. */
  readonly outbox?: OutboxStore
  /** For what is set up while processes run, such as the streams of receivers of signals. */
  readonly documents?: DocumentStore
  /** Whether the store answers within its timeout. */
  ping(): Promise<boolean>
  close(): Promise<void>
}

export interface StoreContext {
  /** Reports something to the operator, in one line without secrets. */
  readonly notice: (message: string) => void
  readonly random: Random
  /** Whether to refuse a server whose settings endanger sessions or revocations, rather than give notice of it. */
  readonly production: boolean
  /**
   * Keys of 32 bytes, the current one first, then those of earlier secrets. A store that others might write to keeps the
   * grant of each session under a MAC: it makes that with the first key, and accepts it under any of them.
   */
  readonly integrityKeys: readonly [Uint8Array, ...Uint8Array[]]
  /**
   * Whether steps that end sessions append that to the outbox, and how long messages are kept, in milliseconds. Left out:
   * they append nothing. All processes of a deployment must agree.
   */
  readonly outbox?: { readonly keptMs: number } | undefined
}

/** The value of the option `store`, such as `memoryStore()` or `redisStore()`. */
export interface StoreDriver {
  readonly name: string
  /** Whether several processes can share the store. */
  readonly shared: boolean
  /**
   * Opens the store. Resolves even if it cannot be reached. Rejects with a `ConfigError` if the store itself reports a
   * wrong configuration, such as a wrong password, missing rights or an unsupported kind of server.
   */
  open(context: StoreContext): Promise<Store>
}
