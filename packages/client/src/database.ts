import { explained } from './errors.ts'

const STORE = 'kept'

/** A database of IndexedDB with one store, which all tabs of an origin share. */
export interface Database {
  /**
   * Takes a step in one transaction. Resolves when it is there to stay, to the result of its request. Rejects with a
   * {@link ClientError} if the browser can't or may not keep anything.
   */
  run<T>(mode: IDBTransactionMode, step: (store: IDBObjectStore) => IDBRequest<T>): Promise<T>
}

export function openDatabase(name: string): Database {
  let database: Promise<IDBDatabase> | undefined
  function forget(): void {
    database = undefined
  }

  async function taken<T>(
    mode: IDBTransactionMode,
    step: (store: IDBObjectStore) => IDBRequest<T>,
  ): Promise<T> {
    database ??= open(name, forget)
    const transaction = (await database).transaction(STORE, mode, { durability: 'strict' })
    const asked = step(transaction.objectStore(STORE))
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(asked.result)
      transaction.onabort = () => reject(transaction.error)
    })
  }

  return {
    run: (mode, step) => explained(taken(mode, step), 'IndexedDB failed'),
  }
}

/** @param closed called when it is of no use any more */
function open(name: string, closed: () => void): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(name, 1)
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE)
    asked.onsuccess = () => {
      const database = asked.result
      // Whoever deletes the site's data must not wait for this page.
      database.onversionchange = () => {
        database.close()
        closed()
      }
      database.onclose = closed
      resolve(database)
    }
    asked.onerror = () => {
      closed()
      reject(asked.error)
    }
  })
}
