import type { Lock } from './lock.ts'
import type { TokenStorage } from './options.ts'
import { FIRST, type SessionRecord, type SessionRecords } from './record.ts'

/** The record beside its refresh token, in a storage of the application. Both change in one step. */
export function storedRecords(storage: TokenStorage, lock: Lock): SessionRecords {
  return {
    read: async () => recordIn(await storage.load()),
    update: (change) =>
      lock(async () => {
        const changed = change(recordIn(await storage.load()))
        await storage.save(JSON.stringify(changed))
        return changed
      }),
  }
}

/** Whatever else is there, such as what an older version left, counts as nothing. */
function recordIn(text: string | undefined): SessionRecord {
  if (text === undefined) return FIRST
  try {
    const given: unknown = JSON.parse(text)
    const { epoch, turn } = Object(given) as Partial<SessionRecord>
    return typeof epoch === 'number' && typeof turn === 'number' ? { ...FIRST, ...Object(given) } : FIRST
  } catch {
    return FIRST
  }
}
