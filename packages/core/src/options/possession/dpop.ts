import * as v from 'valibot'
import type { DpopSettings } from '../../access/dpop/index.ts'
import { urlIn } from '../../issuers/secure-url.ts'
import { boolean, type Entries, filledArray, group, type Room, room, wholeNumber } from '../values/schema.ts'
import { mode, modeOr } from './mode.ts'

/** Whether clients can bind tokens to a key of theirs, by DPoP (RFC 9449). */
export interface WithDpop {
  /**
   * Whether access tokens that are bound to a key (`cnf` with `jkt`) are accepted with a proof. Default `off`.
   *
   * - `off`: they are refused, and `Authorization: DPoP` counts as no credential
   * - `accepted`: they are accepted with a proof, and bearer tokens as before
   * - `required`: the same, and every sign-in has to have a proof
   *
   * An object has these as `mode`, and more options.
   */
  readonly dpop?: DpopMode | DpopOptions | undefined
}

export type DpopMode = 'off' | 'accepted' | 'required'

export interface DpopOptions {
  /** See `dpop`. Default `accepted`. */
  readonly mode?: DpopMode | undefined
  /**
   * Whether each proof needs a nonce of this server, so that nobody can make proofs in advance, and the clocks of clients
   * do not matter. A client learns its nonce by its first request, which it has to repeat, and the next ones by the
   * answers. A nonce can be used for five minutes. Default `false`.
   */
  readonly nonce?: boolean | undefined
  /** How old a proof without a nonce may be, in seconds. It may be ahead by 5 s. Default 60; 1 to 300. */
  readonly windowSeconds?: number | undefined
  /**
   * The origins at which clients reach this server, such as `https://api.example.com`: a proof has to be for one of them.
   * Set them if the server answers to any `Host`, or if a proxy in front rewrites it. Default: what the request names as
   * its host, as the framework computes it.
   */
  readonly origins?: readonly string[] | undefined
}

export interface DpopRoomSettings {
  /** `undefined` if it is off. */
  readonly dpop: DpopSettings | undefined
}

const originMessage = 'an origin such as "https://api.example.com", without a path'
const origin = v.pipe(
  v.string(originMessage),
  v.check((given) => /^https?:/.test(given) && urlIn(given)?.origin === given, originMessage),
)
const options = group({
  mode: v.optional(mode, 'accepted'),
  nonce: v.optional(boolean, false),
  windowSeconds: v.optional(wholeNumber(1, 300), 60),
  origins: v.optional(filledArray(origin, 'an array of web origins')),
})

const entries = {
  dpop: v.optional(modeOr(options), 'off'),
} satisfies Entries<WithDpop>

export const dpopRoom: Room<DpopRoomSettings> = room(entries, ({ dpop }) => {
  const given = typeof dpop === 'string' ? { mode: dpop, nonce: false, windowSeconds: 60 } : dpop
  if (given.mode === 'off') return { dpop: undefined }
  return {
    dpop: {
      mode: given.mode,
      nonces: given.nonce ? 'required' : 'off',
      windowMs: given.windowSeconds * 1000,
      origins: ('origins' in given ? given.origins : undefined) ?? 'asked',
    },
  }
})
