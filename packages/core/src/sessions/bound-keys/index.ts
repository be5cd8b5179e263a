import { ConfigError } from '../../errors.ts'
import type { SessionId } from '../../ports/ids.ts'
import type { OnceStore } from '../../ports/optional/once.ts'
import {
  type BoundKeyTokens,
  type BoundKeyTokensParts,
  createBoundKeyTokens,
} from '../tokens/bound-key-tokens.ts'
import { createKeyProof, type KeyProofParts, type ProveKey } from './prove.ts'
import { createRegistration, type RegisterKey, type RegistrationParts } from './register.ts'

export interface BoundKeySettings {
  /** How long the browser shows its key by a cookie until it must prove it anew. */
  readonly cookieSeconds: number
  /** Further paths at which the browser has the cookie renewed before it sends a request. */
  readonly paths: readonly string[]
}

/** Binds sessions to keys that browsers keep (Device Bound Session Credentials). */
export interface BoundKeys extends Pick<BoundKeyTokens, 'shownBy'> {
  /** What the browser must sign to register a key for a session that has just begun. */
  offer(session: SessionId): string
  readonly register: RegisterKey
  readonly prove: ProveKey
}

export interface BoundKeysParts
  extends Omit<RegistrationParts, 'tokens' | 'store'>,
    Omit<KeyProofParts, 'tokens' | 'store' | 'once'>,
    Pick<BoundKeyTokensParts, 'random'> {
  readonly store: RegistrationParts['store'] & KeyProofParts['store']
  /** `undefined`: no session is bound to a key, and none has to show one. */
  readonly boundKeys: BoundKeySettings | undefined
  readonly boundKeyKeys: BoundKeyTokensParts['keys']
  /** `undefined` if the store remembers nothing. */
  readonly once: OnceStore | undefined
}

/** Throws a `ConfigError` if the store cannot remember which proofs were used. */
export function createBoundKeys(parts: BoundKeysParts): BoundKeys | undefined {
  const { boundKeys: settings, boundKeyKeys: keys, once } = parts
  if (settings === undefined) return undefined
  if (once === undefined)
    throw new ConfigError('store', {
      sentence:
        '"store" cannot remember which proofs were used, which the option "deviceBoundSessions" needs',
    })
  const tokens = createBoundKeyTokens({ ...parts, ...settings, keys })
  return {
    offer: (session) => tokens.challenge('register', session),
    register: createRegistration({ ...parts, tokens }),
    prove: createKeyProof({ ...parts, tokens, once }),
    shownBy: tokens.shownBy,
  }
}
