import { ConfigError, UnavailableError } from '../errors.ts'
import type { KeyInfo, KeyRing } from '../keys/ring.ts'
import type { Clock } from '../ports/clock.ts'
import type { RevocationStore } from '../ports/revocations.ts'
import { printable } from '../printable.ts'
import type { Replica } from '../revocation/replica.ts'
import { identifier } from './arguments.ts'

/** What an application does with signing keys. */
export interface KeyCalls {
  /** Lists the signing keys and their states; keys that start to sign later come first. */
  list(): readonly KeyInfo[]
  /**
   * Makes a new signing key. It starts to sign after six minutes, when every cached JWK Set contains it. Resolves to
   * the pending key if there is one already.
   *
   * Rejects with an `UnavailableError` while the store does not answer, and with a `ConfigError` if the keys are set
   * in the options.
   */
  rotate(): Promise<KeyInfo>
  /**
   * Takes a signing key out of use on every node, at once and for good. Its tokens are refused, sessions get new ones
   * at their next refresh, and another key signs.
   *
   * The store remembers this for as long as it keeps its data. Add the `kid` to the option `access.compromised`, so that
   * the key also stays out of use when an older copy of the store is put back; a process warning says so.
   *
   * Rejects with an `UnavailableError` while the store does not answer. Even then this process refuses the key; call
   * again until the call succeeds, so that the other nodes refuse it, too.
   */
  compromise(kid: string): Promise<void>
}

export interface KeyCallsParts {
  readonly ring: Pick<KeyRing, 'list' | 'rotate' | 'compromise'>
  readonly store: Pick<RevocationStore, 'revoke'>
  readonly replica: Pick<Replica, 'add'>
  readonly clock: Clock
  readonly notice: (message: string) => void
}

export function createKeyCalls({ ring, store, replica, clock, notice }: KeyCallsParts): KeyCalls {
  return {
    list: ring.list,
    async rotate() {
      const outcome = await ring.rotate()
      if (outcome.kind === 'unavailable') throw new UnavailableError()
      if (outcome.kind === 'given')
        throw new ConfigError('access.keys', {
          sentence: 'the keys are set in the options: change "access.keys" or "access.signers" instead',
        })
      return outcome.key
    },
    async compromise(kid) {
      identifier('kid', kid)
      const isKnown = ring.list().some((key) => key.kid === kid)
      replica.add({ kind: 'key', kid })
      // Another key must sign before this key's tokens are refused, so that every client can get a good token.
      const removed = await ring.compromise(kid)
      const revoked = await store.revoke({ kind: 'key', kid }, clock.now())
      if (removed.kind === 'unavailable' || revoked.kind === 'unavailable') throw new UnavailableError()
      const name = printable(JSON.stringify(kid))
      if (!isKnown)
        return notice(`no key known here is named ${name}: compare it with the "kid" in keys.list()`)
      notice(
        `the key ${name} is compromised and out of use: add ${name} to "access.compromised", so that an older copy of the store cannot bring it back`,
      )
    },
  }
}
