import type { Lock } from './lock.ts'
import type { TokenStorage } from './options.ts'
import { FIRST, type SessionRecord, type UpdateRecord } from './record.ts'
import { membersIn } from './tokens.ts'

/** The record beside its refresh token, in a storage of the application. Both change in one step. */
export function storedRecords(storage: TokenStorage, lock: Lock): UpdateRecord {
  return (change) =>
    lock(async () => {
      const changed = change(recordIn(await storage.load()))
      await storage.save(JSON.stringify(changed))
      return changed
    })
}

/** Whatever else is there, such as what an older version left, counts as nothing. */
function recordIn(text: string | undefined): SessionRecord {
  const given = membersIn(() => text ?? '')
  return typeof given.epoch === 'number' && typeof given.turn === 'number' ? { ...FIRST, ...given } : FIRST
}
