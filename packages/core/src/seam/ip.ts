import { isIPv4 } from 'node:net'
import ipaddr from 'ipaddr.js'

/**
 * The canonical spelling of an address, IPv4 unwrapped from IPv6; `undefined` for anything else, as a
 * forwarding header may hold.
 */
export function canonicalIp(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const plain = text.includes('%') ? text.slice(0, text.indexOf('%')) : text
  if (isIPv4(plain)) return plain
  return ipaddr.IPv6.isValid(plain) ? ipaddr.process(plain).toString() : undefined
}
