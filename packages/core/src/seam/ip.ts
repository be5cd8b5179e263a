import { isIPv4 } from 'node:net'
import ipaddr from 'ipaddr.js'

/**
 * The canonical spelling of an IP address, without a zone, and with an IPv4 address unwrapped from IPv6. `undefined`
 * for anything else, because a forwarding header may contain anything.
 */
export function canonicalIp(address: string | undefined): string | undefined {
  if (address === undefined) return undefined
  const withoutZone = address.includes('%') ? address.slice(0, address.indexOf('%')) : address
  if (isIPv4(withoutZone)) return withoutZone
  return ipaddr.IPv6.isValid(withoutZone) ? ipaddr.process(withoutZone).toString() : undefined
}
