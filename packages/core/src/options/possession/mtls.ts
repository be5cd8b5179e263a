import * as v from 'valibot'
import { type CertificateSettings, type Network, networkIn } from '../../access/certificates.ts'
import { distinctArray, type Entries, group, type Room, room } from '../values/schema.ts'
import { mode, modeOr } from './mode.ts'

/** Whether tokens can be bound to the certificate of a client (RFC 8705). */
export interface WithMtls {
  /**
   * Whether a client that shows a certificate gets tokens that are bound to it (`cnf` with `x5t#S256`), and bound tokens are
   * accepted from it. Default `off`.
   *
   * - `off`: no certificate is looked at, and bound tokens are refused
   * - `accepted`: a sign-in with a certificate binds its session to it
   * - `required`: the same, and every sign-in must show one
   *
   * An object has these as `mode`, and more options.
   */
  readonly mtls?: MtlsMode | MtlsOptions | undefined
}

export type MtlsMode = 'off' | 'accepted' | 'required'

export interface MtlsOptions {
  /** See `mtls`. Default `accepted`. */
  readonly mode?: MtlsMode | undefined
  /**
   * Addresses or subnets of proxies that end TLS and tell the certificate in `Client-Cert` (RFC 9440), such as
   * `10.0.0.0/8`. They must drop the header where a client has sent it. Of connections from other addresses, the
   * certificate is that of the connection. Default: none.
   */
  readonly proxies?: readonly string[] | undefined
}

export interface MtlsRoomSettings {
  /** `undefined` if it is off. */
  readonly mtls: CertificateSettings | undefined
}

const message = 'an address or a subnet such as "10.0.0.0/8"'
const network = v.pipe(
  v.string(message),
  v.check((given) => networkIn(given) !== undefined, message),
)
const options = group({
  mode: v.optional(mode, 'accepted'),
  proxies: v.optional(distinctArray(network, 'an array of addresses and subnets'), []),
})

const entries = {
  mtls: v.optional(modeOr(options), 'off'),
} satisfies Entries<WithMtls>

export const mtlsRoom: Room<MtlsRoomSettings> = room(entries, ({ mtls }) => {
  const given = typeof mtls === 'string' ? { mode: mtls, proxies: [] } : mtls
  if (given.mode === 'off') return { mtls: undefined }
  const proxies = given.proxies.map(networkIn).filter((one): one is Network => one !== undefined)
  return { mtls: { mode: given.mode, proxies } }
})
