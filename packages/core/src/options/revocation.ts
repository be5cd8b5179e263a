import * as v from 'valibot'
import { ConfigError } from '../errors.ts'
import type { ReplicaSettings } from '../revocation/replica.ts'
import { type Entries, group, oneOf, type Room, room, wholeNumber } from './values/schema.ts'

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
  /**
   * How long a process may rely on its copy while the store does not answer, in seconds. Default 10; 0 to 300. Not for
   * `strict`, which never relies on it.
   */
  readonly maxStalenessSeconds?: number | undefined
}

export interface RevocationSettings {
  readonly revocation: Pick<ReplicaSettings, 'mode' | 'maxStalenessMs'>
}

const entries = {
  revocation: v.optional(
    group({
      mode: v.optional(oneOf('replicated', 'strict'), 'replicated'),
      maxStalenessSeconds: v.optional(wholeNumber(0, 300)),
    }),
    {},
  ),
} satisfies Entries<WithRevocation>

export const revocationRoom: Room<RevocationSettings> = room(entries, ({ revocation }) => {
  const { mode, maxStalenessSeconds } = revocation
  if (mode === 'strict' && maxStalenessSeconds !== undefined)
    throw new ConfigError('revocation.maxStalenessSeconds', {
      sentence:
        '"revocation.maxStalenessSeconds" is for the mode "replicated": leave it out, or leave out "revocation.mode"',
    })
  return { revocation: { mode, maxStalenessMs: (maxStalenessSeconds ?? 10) * 1000 } }
})
