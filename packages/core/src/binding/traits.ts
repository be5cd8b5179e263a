import Bowser from 'bowser'
import type { AgentComponent } from './components.ts'

/** What a User-Agent tells of a device. */
export interface Traits extends Readonly<Record<AgentComponent, string>> {
  readonly version: number
}

export function readTraits(userAgent: string): Traits {
  // The parser throws on an empty string.
  if (userAgent === '') return { family: '', system: '', deviceClass: '', version: 0 }
  const { browser, os, platform } = Bowser.parse(userAgent)
  // For an unknown client, the parser returns everything before the last version as the name. That version is of what the
  // client is built with.
  const { name = '' } = browser
  const isOneProduct = name !== '' && !name.includes('/')
  const version = isOneProduct ? Number.parseInt(browser.version ?? '', 10) : 0
  return {
    family: isOneProduct ? name : productOf(userAgent),
    system: os.name ?? '',
    deviceClass: platform.type ?? '',
    version: version > 0 && version < 65536 ? version : 0,
  }
}

/** The product that a User-Agent names first (RFC 9110, section 10.1.5). */
function productOf(userAgent: string): string {
  return userAgent.split(/[\s/]/, 1)[0] ?? ''
}

/** A name for people, such as "Firefox on Linux". */
export function labelOf({ family, system }: Traits): string {
  const plain = family.replace(/[^\w .-]/g, '').slice(0, 32)
  if (plain === '') return 'Unknown device'
  return system === '' ? plain : `${plain} on ${system}`
}
