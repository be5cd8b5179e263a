import { isIPv4 } from 'node:net'
import ipaddr from 'ipaddr.js'

/** An IPv4 address with a port, or an IPv6 address in brackets and perhaps with a port, as some proxies write them. */
const WRITTEN_BY_PROXY = /^(?:(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}|\[([^\]]*:[^\]]*)\](?::\d{1,5})?)$/

/**
 * The canonical spelling of an address: without port and zone, IPv4 unwrapped from IPv6. `undefined` for anything else
 * that a forwarding header may hold; nothing is guessed.
 */
export function canonicalIp(given: string | undefined): string | undefined {
  if (given === undefined || given.length > 80) return undefined
  const [, ipv4, ipv6] = WRITTEN_BY_PROXY.exec(given) ?? []
  const address = ipv4 ?? ipv6 ?? given
  const plain = address.includes('%') ? address.slice(0, address.indexOf('%')) : address
  if (isIPv4(plain)) return plain
  return ipaddr.IPv6.isValid(plain) ? ipaddr.process(plain).toString() : undefined
}
