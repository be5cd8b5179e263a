import { randomUUID } from 'node:crypto'
import type { KeyRecord, KeyStore, Store, StoreDriver } from '../ports/store.ts'
import { createMemoryRevocations } from './revocations.ts'
import { createMemorySessions } from './sessions.ts'

/**
 * Keeps everything in the memory of this process: for development, tests and servers of one process.
 * Sessions and revocations are gone when the process ends.
 */
export function memoryStore(): StoreDriver {
  return {
    name: 'memory',
    shared: false,
    open: () => Promise.resolve(createMemoryStore()),
  }
}

function createMemoryStore(): Store {
  const revocations = createMemoryRevocations(randomUUID())
  const sessions = createMemorySessions(revocations)
  return {
    sessions,
    revocations: {
      ...revocations,
      async assert(shard, lost, at) {
        for (const revocation of lost) {
          if (revocation.kind === 'session')
            await sessions.end({ id: revocation.session, at, evenIfAbsent: true })
          else if (revocation.kind === 'subject') sessions.markSubject(revocation.tag, revocation.notBefore)
        }
        return revocations.assert(shard, lost, at)
      },
    },
    keys: createMemoryKeys(),
    ping: () => Promise.resolve(true),
    close: () => Promise.resolve(),
  }
}

function createMemoryKeys(): KeyStore {
  let ring: KeyRecord = { version: 0, keys: [] }
  return {
    read: () => Promise.resolve({ kind: 'read', ...ring }),
    add(keys, ifVersion) {
      if (ifVersion !== undefined && ifVersion !== ring.version)
        return Promise.resolve({ kind: 'changed', ring })
      const fresh = keys.filter((key) => !ring.keys.some((known) => known.kid === key.kid))
      if (fresh.length > 0) ring = { version: ring.version + 1, keys: [...ring.keys, ...fresh] }
      return Promise.resolve({ kind: 'added', ring })
    },
  }
}
