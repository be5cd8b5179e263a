/** What all tabs of an origin know of the session. In IndexedDB, there is no secret in it. */
export interface SessionRecord {
  /** How often somebody signed in or out here. What began before the last time is of no use after it. */
  readonly epoch: number
  /** How many tokens there have been, so that an older one never replaces a newer one. */
  readonly turn: number
  /** Whether the last change was a sign-out. */
  readonly isOut: boolean
  /** The `Idempotency-Key` of a refresh whose answer nobody has yet. */
  readonly key: string | undefined
  /** If it is not in a cookie. */
  readonly refreshToken: string | undefined
}

/** A record that outlives its page. Each step is one transaction, over all tabs. */
export interface SessionRecords {
  read(): Promise<SessionRecord>
  /** Changes the record, and gives what it is then. */
  update(change: (record: SessionRecord) => SessionRecord): Promise<SessionRecord>
}

export const FIRST: SessionRecord = {
  ...{ epoch: 0, turn: 0, isOut: false, key: undefined, refreshToken: undefined },
}

/**
 * Whoever signs in or out begins something new, which no answer from before changes.
 *
 * @param since only if nobody has since then
 */
export function begun(isOut: boolean, since?: number): (now: SessionRecord) => SessionRecord {
  return (now) =>
    since === undefined || since === now.epoch
      ? { ...FIRST, epoch: now.epoch + 1, turn: now.turn, isOut }
      : now
}

const STORE = 'sessions'

/**
 * In IndexedDB, which service workers have as well. Where that is closed, such as in some private windows, a record of this
 * page alone: then a lost answer is mended until the page is left.
 *
 * @param name tells the records of one origin apart
 */
export function openRecords(name: string): SessionRecords {
  let own = FIRST
  let database: Promise<IDBDatabase | undefined> | undefined

  function opened(): Promise<IDBDatabase | undefined> {
    database ??= open(() => {
      database = undefined
    }).catch(() => undefined)
    return database
  }

  async function update(change: (record: SessionRecord) => SessionRecord): Promise<SessionRecord> {
    const db = await opened()
    if (db === undefined) {
      own = change(own)
      return own
    }
    const transaction = db.transaction(STORE, 'readwrite', { durability: 'strict' })
    const store = transaction.objectStore(STORE)
    let changed = FIRST
    const asked: IDBRequest<SessionRecord | undefined> = store.get(name)
    asked.onsuccess = () => {
      changed = change(asked.result ?? FIRST)
      store.put(changed, name)
    }
    await done(transaction)
    return changed
  }

  return {
    update,
    async read() {
      const db = await opened()
      if (db === undefined) return own
      const transaction = db.transaction(STORE, 'readonly')
      const asked: IDBRequest<SessionRecord | undefined> = transaction.objectStore(STORE).get(name)
      await done(transaction)
      return asked.result ?? FIRST
    },
  }
}

/** @param closed called when it is of no use any more */
function open(closed: () => void): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open('sallyport', 1)
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
    asked.onerror = () => reject(asked.error)
    asked.onblocked = () => reject(new Error('blocked'))
  })
}

function done(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(transaction.error)
  })
}
