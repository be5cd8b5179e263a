import { openDatabase } from './database.ts'

/** What all tabs of an origin know of the session. In IndexedDB, there is no secret in it. */
export interface SessionRecord {
  /** How often somebody signed in or out here. What began before the last time is of no use after it. */
  readonly epoch: number
  /** How many tokens there have been, so that an older one never replaces a newer one. */
  readonly turn: number
  /** Whether the last change was a sign-out. */
  readonly isOut: boolean
  /** The session of the last token. `undefined`: it is not known. */
  readonly sid: unknown
  /** The `Idempotency-Key` of a refresh whose answer nobody has yet. */
  readonly key: string | undefined
  /** If it is not in a cookie. */
  readonly refreshToken: string | undefined
}

/** Changes a record that outlives its page, in one transaction over all tabs, and gives what it is then. */
export type UpdateRecord = (change: (record: SessionRecord) => SessionRecord) => Promise<SessionRecord>

export const FIRST: SessionRecord = {
  ...{ epoch: 0, turn: 0, isOut: false, sid: undefined, key: undefined, refreshToken: undefined },
}

/**
 * Whoever signs in or out begins something new, which no answer from before changes.
 *
 * @param since only if nobody has since then
 */
export function begun(isOut: boolean, since?: number): (now: SessionRecord) => SessionRecord {
  return (now) =>
    (since ?? now.epoch) === now.epoch ? { ...FIRST, epoch: now.epoch + 1, turn: now.turn, isOut } : now
}

/**
 * In IndexedDB, which service workers have as well. Where that is closed or full, a record of this page alone: then a lost
 * answer is mended until the page is left.
 *
 * @param name tells the records of one origin apart
 */
export function openRecords(name: string): UpdateRecord {
  const { run } = openDatabase('sallyport')
  /** What could not be kept. */
  let own: SessionRecord | undefined

  return async (change) => {
    let changed: SessionRecord | undefined
    try {
      await run<SessionRecord | undefined>('readwrite', (store) => {
        const asked: IDBRequest<SessionRecord | undefined> = store.get(name)
        asked.onsuccess = () => {
          changed = change(own ?? asked.result ?? FIRST)
          store.put(changed, name)
        }
        return asked
      })
      own = undefined
    } catch {
      // That is no reason to sign anybody out, nor to let nobody sign out.
      own = changed ?? change(own ?? FIRST)
    }
    return own ?? changed ?? FIRST
  }
}
