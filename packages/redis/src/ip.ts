import { isIPv4 } from 'node:net'
import ipaddr from 'ipaddr.js'
import { Unreadable } from './unreadable.ts'

const NO_ADDRESS = Buffer.alloc(0)
const IPV4_BYTES = 4
const IPV6_BYTES = 16

/** An IP address as 4 or 16 bytes; none as 0 bytes. */
export function packIp(ip: string | undefined): Buffer {
  if (ip === undefined) return NO_ADDRESS
  if (!isIPv4(ip)) return Buffer.from(ipaddr.parse(ip).toByteArray())
  const bytes = Buffer.allocUnsafe(IPV4_BYTES)
  let at = 0
  for (const byte of ip.split('.')) at = bytes.writeUInt8(Number(byte), at)
  return bytes
}

/** Throws `Unreadable` for bytes of another length. */
export function unpackIp(bytes: Buffer): string {
  if (![0, IPV4_BYTES, IPV6_BYTES].includes(bytes.length)) throw new Unreadable('the state of a session')
  return bytes.length <= IPV4_BYTES ? bytes.join('.') : ipaddr.fromByteArray([...bytes]).toString()
}
