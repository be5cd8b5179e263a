import * as v from 'valibot'
import type { ReplicaSettings } from '../revocation/replica.ts'
import { group, oneOf, parse, wholeNumber } from './schema.ts'

export interface RevocationOptions {
  /**
   * `replicated`: each process keeps a copy of the live revocations. `strict`: the store is asked about every request.
   * Default `replicated`.
   */
  readonly mode?: 'replicated' | 'strict' | undefined
  /** How long a process may rely on its copy while the store does not answer, in seconds. Default 10; 0 to 300. */
  readonly maxStalenessSeconds?: number | undefined
}

const schema = v.object({
  revocation: v.optional(
    group({
      mode: v.optional(oneOf('replicated', 'strict'), 'replicated'),
      maxStalenessSeconds: v.optional(wholeNumber(0, 300), 10),
    }),
    {},
  ),
})

export function parseRevocation(given: object): Pick<ReplicaSettings, 'mode' | 'maxStalenessMs'> {
  const { mode, maxStalenessSeconds } = parse(schema, given).revocation
  return { mode, maxStalenessMs: maxStalenessSeconds * 1000 }
}
