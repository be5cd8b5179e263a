import * as v from 'valibot'
import type { ReplicaSettings } from '../revocation/replica.ts'
import { type Entries, group, oneOf, type Room, room, wholeNumber } from './schema.ts'

/** How revocations reach each process. */
export interface WithRevocation {
  readonly revocation?: RevocationOptions | undefined
}

export interface RevocationOptions {
  /**
   * `replicated`: each process keeps a copy of the live revocations. `strict`: the store is asked about every request.
   * Default `replicated`.
   */
  readonly mode?: 'replicated' | 'strict' | undefined
  /** How long a process may rely on its copy while the store does not answer, in seconds. Default 10; 0 to 300. */
  readonly maxStalenessSeconds?: number | undefined
}

export interface RevocationSettings {
  readonly revocation: Pick<ReplicaSettings, 'mode' | 'maxStalenessMs'>
}

const entries = {
  revocation: v.optional(
    group({
      mode: v.optional(oneOf('replicated', 'strict'), 'replicated'),
      maxStalenessSeconds: v.optional(wholeNumber(0, 300), 10),
    }),
    {},
  ),
} satisfies Entries<WithRevocation>

export const revocationRoom: Room<RevocationSettings> = room(entries, ({ revocation }) => ({
  revocation: { mode: revocation.mode, maxStalenessMs: revocation.maxStalenessSeconds * 1000 },
}))
