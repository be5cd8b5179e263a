import { isIPv4 } from 'node:net'
import ipaddr from 'ipaddr.js'

/**
 * The network of a canonical address whose addresses one party may all have: an IPv4 address itself, and the /64 of an
 * IPv6 address (RFC 6177).
 */
export function networkOf(ip: string): string {
  return isIPv4(ip) ? ip : ipaddr.IPv6.networkAddressFromCIDR(`${ip}/64`).toString()
}

/** The network of a canonical address that many parties share, so that it points to none: the /24 or the /48. */
export function regionOf(ip: string): string {
  return isIPv4(ip)
    ? `${ipaddr.IPv4.networkAddressFromCIDR(`${ip}/24`)}/24`
    : `${ipaddr.IPv6.networkAddressFromCIDR(`${ip}/48`)}/48`
}
