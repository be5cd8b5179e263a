import { createHmac } from 'node:crypto'
import { isIP } from 'node:net'
import { LRUCache } from 'lru-cache'
import type { Devices } from '../../binding/device.ts'
import { networkOf } from '../../binding/networks.ts'
import type { SightingsName } from '../../ports/optional/sightings.ts'
import type { SallyportEvent } from '../event.ts'
import type { Circumstances, Coordinates } from './rule.ts'

/** Hashes under a key, so that the store learns nothing of what stands behind them. */
export interface Hashes {
  /** What the sightings of a rule are kept under. */
  nameOf(...parts: readonly string[]): SightingsName
  of(kind: string, text: string): string
}

const HASH_CHARS = 22
const NETWORKS_REMEMBERED = 4000

export function createHashes(key: Uint8Array): Hashes {
  const hashOf = (...parts: readonly string[]): string =>
    createHmac('sha256', key).update(JSON.stringify(parts)).digest('base64url').slice(0, HASH_CHARS)
  return {
    nameOf: (...parts) => hashOf('name', ...parts) as SightingsName,
    of: (kind, text) => hashOf('value', kind, text),
  }
}

/** Finds out what is known of an event besides what it tells. */
export type Circumstanced = (event: SallyportEvent, location: Coordinates | undefined) => Circumstances

export function createCircumstances(hashes: Hashes, devices: Pick<Devices, 'labelOf'>): Circumstanced {
  const remembered = new LRUCache<string, string>({ max: NETWORKS_REMEMBERED })

  function networkHash(ip: string | undefined): string | undefined {
    if (ip === undefined) return undefined
    const known = remembered.get(ip)
    if (known !== undefined) return known
    const hash = hashes.of('network', isPlainIp(ip) ? networkOf(ip) : ip)
    remembered.set(ip, hash)
    return hash
  }

  return ({ ip, previous_ip, user_agent }, location) => ({
    network: networkHash(ip),
    previousNetwork: networkHash(previous_ip),
    // Recognising one takes longer than all else, and few rules ask.
    get device() {
      return hashes.of('device', devices.labelOf(user_agent))
    },
    location,
    hash: (text) => hashes.of('text', text),
  })
}

/** What an application emits need not be an address. */
function isPlainIp(ip: string): boolean {
  return isIP(ip) !== 0 && !ip.includes('%')
}
