import * as v from 'valibot'
import type { AllowListSettings } from '../access/allow-list/index.ts'
import { ConfigError } from '../errors.ts'
import type { ReplicaSettings } from '../revocation/replica.ts'
import { type Entries, group, oneOf, type Room, room, switchOr, wholeNumber } from './values/schema.ts'

/** How processes learn that an access token is not good any more. */
export interface WithRevocation {
  readonly revocation?: RevocationOptions | undefined
  /**
   * Accepts an access token only while the store has the record of its session. By default, a token is good unless it was
   * revoked, even if the store has lost the session. Concerns the access tokens of this deployment, not API keys, and not
   * tokens of the option `issuers`. `true`, or an object with more options. Default `false`.
   */
  readonly allowList?: boolean | AllowListOptions | undefined
}

export interface AllowListOptions {
  /**
   * The longest that a process goes by a record that it has read, in seconds: 1 to 3600. Default 30. So much later, at the
   * latest, it notices that somebody deleted the record in the store itself. The end of a session by this library, and a
   * store that lost its data, are noticed within a second. With `revocation.mode` `strict`, the record is read for every
   * request, so this must be left out.
   */
  readonly recheckSeconds?: number | undefined
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
  readonly allowList: AllowListSettings | undefined
}

const entries = {
  revocation: v.optional(
    group({
      mode: v.optional(oneOf('replicated', 'strict'), 'replicated'),
      maxStalenessSeconds: v.optional(wholeNumber(0, 300)),
    }),
    {},
  ),
  allowList: v.optional(switchOr(group({ recheckSeconds: v.optional(wholeNumber(1, 3600)) })), false),
} satisfies Entries<WithRevocation>

export const revocationRoom: Room<RevocationSettings> = room(entries, ({ revocation, allowList }) => {
  const { mode, maxStalenessSeconds } = revocation
  const { recheckSeconds } = typeof allowList === 'object' ? allowList : {}
  if (mode === 'strict') {
    refuseBesideStrict('revocation.maxStalenessSeconds', maxStalenessSeconds)
    refuseBesideStrict('allowList.recheckSeconds', recheckSeconds)
  }
  return {
    revocation: { mode, maxStalenessMs: (maxStalenessSeconds ?? 10) * 1000 },
    allowList: allowList === false ? undefined : { recheckMs: (recheckSeconds ?? 30) * 1000 },
  }
})

function refuseBesideStrict(option: string, given: number | undefined): void {
  if (given !== undefined)
    throw new ConfigError(option, {
      sentence: `"${option}" is for the mode "replicated": leave it out, or leave out "revocation.mode"`,
    })
}
