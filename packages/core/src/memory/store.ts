import { isSessionId, tagOfSession } from '../ports/ids.ts'
import type { KeyRecord, KeyStore } from '../ports/keys.ts'
import { earliestBurntFirst } from '../ports/revocations.ts'
import type { Store, StoreContext, StoreDriver } from '../ports/store.ts'
import { createMemoryActivity } from './activity.ts'
import { createMemoryApiKeys } from './api-keys.ts'
import { createMemoryCounters } from './counters.ts'
import { createMemoryOnce } from './once.ts'
import { createMemoryDocuments } from './optional/documents.ts'
import { createMemoryOutbox } from './optional/outbox.ts'
import { createMemoryRevocations } from './revocations.ts'
import { createMemorySessions } from './sessions.ts'
import { createMemorySightings } from './sightings.ts'
import { createMemorySubjectKeys } from './subject-keys.ts'

/**
 * A store in the memory of this process, for development, tests and servers of a single process. Sessions, revocations
 * and signing keys end with the process.
 *
 * @example
 * ```ts
 * import { createSallyport, memoryStore } from '@sallyport/core'
 *
 * const sallyport = await createSallyport({ store: memoryStore() })
 * ```
 */
export function memoryStore(): StoreDriver {
  return {
    name: 'memory',
    shared: false,
    open: (context) => Promise.resolve(createMemoryStore(context)),
  }
}

function createMemoryStore({ random, outbox: told }: Pick<StoreContext, 'random' | 'outbox'>): Store {
  const epoch = Buffer.from(random(16)).toString('base64url')
  const revocations = createMemoryRevocations(epoch)
  const outbox = told && createMemoryOutbox(epoch, told.keptMs)
  const sessions = createMemorySessions(revocations, outbox)
  const activity = createMemoryActivity()
  const subjectKeys = createMemorySubjectKeys()
  const sightings = createMemorySightings()
  const apiKeys = createMemoryApiKeys(revocations)
  return {
    sessions: {
      ...sessions,
      async erase(tag, at) {
        if (apiKeys.has(tag)) return { kind: 'in_use' }
        const outcome = await sessions.erase(tag, at)
        if (outcome.kind !== 'erased') return outcome
        activity.erase(tag)
        subjectKeys.erase(tag)
        sightings.erase(tag)
        return outcome
      },
    },
    revocations: {
      ...revocations,
      revokeAll(at) {
        const everything = { kind: 'all', until: at } as const
        sessions.endAll(everything)
        apiKeys.endAll(everything)
        return revocations.revokeAll(at)
      },
      assert(shard, lost, at) {
        for (const revocation of earliestBurntFirst(lost)) {
          if (revocation.kind === 'session') {
            const { session } = revocation
            if (!isSessionId(session)) continue
            apiKeys.drop(tagOfSession(session), session)
            sessions.drop(session)
          } else if (revocation.kind === 'generation')
            sessions.burn(revocation.session, revocation.generation)
          else if (revocation.kind === 'subject') sessions.markSubject(revocation.tag, revocation.notBefore)
          else if (revocation.kind === 'all') {
            sessions.endAll(revocation)
            apiKeys.endAll(revocation)
          }
        }
        return revocations.assert(shard, lost, at)
      },
    },
    keys: memoryKeys(),
    counters: createMemoryCounters(),
    activity,
    subjectKeys,
    sightings,
    once: createMemoryOnce(),
    apiKeys,
    documents: createMemoryDocuments(),
    ...(outbox === undefined ? {} : { outbox }),
    ping: () => Promise.resolve(true),
    close: () => Promise.resolve(),
  }
}

/** Keeps signing keys in the memory of this process. */
export function memoryKeys(): KeyStore {
  const listeners = new Set<() => void>()
  let ring: KeyRecord = { version: 0, entries: [] }
  return {
    read: () => Promise.resolve({ kind: 'read', ...ring }),
    swap(entries, ifVersion) {
      if (ifVersion !== ring.version) return Promise.resolve({ kind: 'changed', ring })
      ring = { version: ring.version + 1, entries }
      for (const listener of listeners) listener()
      return Promise.resolve({ kind: 'swapped', ring })
    },
    onChange: (listener) => void listeners.add(listener),
  }
}
