import { isIPv4, isIPv6 } from 'node:net'
import type { SallyportEvent } from '@sallyport/core/sink'
import { type Format, writable } from './format.ts'
import { type Gravity, meaningOf, nameOf } from './meanings.ts'

/** 0 to 10; from 7 on it is high. */
const SEVERITIES: Readonly<Record<Gravity, number>> = { none: 1, low: 4, high: 8 }

/** Keys of members, as the dictionary of extensions has them, or with a label of ours. */
const KEYS: Readonly<Record<string, string | { readonly key: string; readonly label: string }>> = {
  outcome: 'outcome',
  reason: 'reason',
  sub: 'suid',
  user_agent: 'requestClientApplication',
  sid: { key: 'cs1', label: 'sid' },
  jti: { key: 'cs2', label: 'jti' },
  kid: { key: 'cs3', label: 'kid' },
  client_id: { key: 'cs4', label: 'client_id' },
  request_id: { key: 'cs5', label: 'request_id' },
  previous_ip: { key: 'flexString1', label: 'previous_ip' },
}
const HEADER: ReadonlySet<string> = new Set(['time', 'event'])

/**
 * Common Event Format, version 0 (ArcSight CEF Implementation Standard). Extensions of applications get a key of their
 * own, as the standard has it for what it does not name.
 */
export const cef: Format = {
  line,
  gapped: (event) => ({ before: `${line(event)} cs6Label=chain cs6=`, after: '' }),
}

function line(event: SallyportEvent): string {
  const { title, gravity } = meaningOf(event)
  const header = ['CEF:0', 'Sallyport', 'Sallyport', '1', nameOf(event), title].map(escapeHeader)
  const members = Object.entries(writable(event)).filter(([name]) => !HEADER.has(name))
  const extension = [`rt=${Date.parse(event.time)}`, ...members.map(([name, value]) => member(name, value))]
  return `${header.join('|')}|${SEVERITIES[gravity]}|${extension.join(' ')}`
}

function member(name: string, value: unknown): string {
  const text = escapeValue(String(value))
  if (name === 'ip') return source(text)
  const known = Object.hasOwn(KEYS, name) ? KEYS[name] : undefined
  if (typeof known === 'string') return `${known}=${text}`
  if (known !== undefined) return `${known.key}Label=${known.label} ${known.key}=${text}`
  return `sallyport${name.replace(/[^A-Za-z0-9]/g, '')}=${text}`
}

/** `src` takes nothing but an IPv4 address. With pseudonyms there is a network instead. */
function source(ip: string): string {
  if (isIPv4(ip)) return `src=${ip}`
  return isIPv6(ip) ? `c6a2Label=Source IPv6 Address c6a2=${ip}` : `sallyportnetwork=${ip}`
}

/** Section "Character encoding" of the standard: `|` and `\` in the header, where no line break may be. */
function escapeHeader(text: string): string {
  return text.replace(/[\\|]/g, '\\$&').replace(/[\r\n]/g, ' ')
}

/** `=` and `\` in the extension; line breaks as `\n` and `\r`. */
function escapeValue(text: string): string {
  return text.replace(/[\\=]/g, '\\$&').replace(/\n/g, '\\n').replace(/\r/g, '\\r')
}
