import { randomBytes } from 'node:crypto'
import type { StoreContext } from '@sallyport/core/store'

/** What a store is opened with where nobody listens to its notices. */
export const storeContext: StoreContext = {
  notice: () => {},
  random: randomBytes,
  production: false,
  integrityKeys: [Buffer.alloc(32, 1)],
  outbox: { keptMs: 3_600_000 },
}
