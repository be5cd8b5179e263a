import { isIPv4 } from 'node:net'
import ipaddr from 'ipaddr.js'

/** An IPv4 address, or an IPv6 address in brackets, with a port behind it, as some proxies write it. */
const WITH_PORT = /^(?:(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}|\[([^\]]*:[^\]]*)\]:\d{1,5})$/

/**
 * The canonical spelling of an address: without port and zone, IPv4 unwrapped from IPv6. `undefined` for anything else
 * that a forwarding header may hold; nothing is guessed.
 */
export function canonicalIp(given: string | undefined): string | undefined {
  if (given === undefined || given.length > 80) return undefined
  if (isIPv4(given)) return given
  const [, ipv4, ipv6] = WITH_PORT.exec(given) ?? []
  const address = ipv4 ?? ipv6 ?? given
  const plain = address.includes('%') ? address.slice(0, address.indexOf('%')) : address
  if (isIPv4(plain)) return plain
  return ipaddr.IPv6.isValid(plain) ? ipaddr.process(plain).toString() : undefined
}
