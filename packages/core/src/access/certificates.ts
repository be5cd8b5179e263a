import { hash } from 'node:crypto'
import ipaddr from 'ipaddr.js'
import { type BareItem, parseItem } from 'structured-headers'
import type { Sender } from '../seam/caller.ts'
import { canonicalIp } from '../seam/ip.ts'

export interface CertificateSettings {
  /** `required`: every sign-in must show a certificate. */
  readonly mode: 'accepted' | 'required'
  /** The networks of proxies that end TLS, and tell the certificate in `Client-Cert`. */
  readonly proxies: readonly Network[]
}

/** A network, or an address as the smallest one. */
export type Network = [ipaddr.IPv4 | ipaddr.IPv6, number]

/**
 * The thumbprint of the certificate that a request's client has shown (RFC 8705, section 3.1); `undefined` if it has shown
 * none. Whether the certificate is valid does not matter: that the client holds its key was proved to the server, or to
 * the proxy, by TLS.
 *
 * A proxy's word counts only if the connection comes from its address (RFC 9440, section 4).
 */
export type CertificateOf = (sender: Sender) => string | undefined

/** @param settings `undefined` if no certificates are looked at */
export function createCertificates(settings: CertificateSettings | undefined): CertificateOf {
  if (settings === undefined) return () => undefined
  const { proxies } = settings
  return ({ peer, headers }) => {
    // A proxy may have a certificate of its own, which says nothing of the client.
    const isProxy = proxies.length > 0 && isWithin(peer?.address, proxies)
    const certificate = isProxy ? certificateIn(headers['client-cert']) : peer?.certificate
    return certificate && hash('sha256', certificate, 'base64url')
  }
}

/** Parses an address or a subnet in the notation of CIDR; `undefined` for anything else. */
export function networkIn(given: string): Network | undefined {
  const [address = '', bits, ...rest] = given.split('/')
  const canonical = canonicalIp(address)
  if (canonical === undefined || rest.length > 0) return undefined
  const parsed = ipaddr.parse(canonical)
  const most = parsed.kind() === 'ipv4' ? 32 : 128
  if (bits === undefined) return [parsed, most]
  return /^\d{1,3}$/.test(bits) && Number(bits) <= most ? [parsed, Number(bits)] : undefined
}

function isWithin(given: string | undefined, networks: readonly Network[]): boolean {
  const address = canonicalIp(given)
  if (address === undefined) return false
  const parsed = ipaddr.parse(address)
  return networks.some(([network, bits]) => parsed.kind() === network.kind() && parsed.match(network, bits))
}

const MAX_CHARS = 16_384

/** A byte sequence (RFC 9440, section 2.1; RFC 9651, section 3.3.5). Repeated headers arrive joined, which none is. */
function certificateIn(field: string | readonly string[] | undefined): Uint8Array | undefined {
  if (typeof field !== 'string' || field.length > MAX_CHARS) return undefined
  let value: BareItem
  try {
    ;[value] = parseItem(field)
  } catch {
    return undefined
  }
  return value instanceof ArrayBuffer ? new Uint8Array(value) : undefined
}
