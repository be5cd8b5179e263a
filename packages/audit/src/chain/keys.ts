import { hkdfSync } from 'node:crypto'

/** What the given key is used for: one key for each purpose. */
export interface TrailKeys {
  readonly record: Buffer
  readonly head: Buffer
  readonly removal: Buffer
}

/** So the given key may be in use elsewhere too, and no MAC of one purpose passes for one of another (RFC 5869). */
export function deriveKeys(key: Uint8Array): TrailKeys {
  const derive = (purpose: string): Buffer =>
    Buffer.from(hkdfSync('sha256', key, '', `sallyport audit ${purpose} v1`, 32))
  return { record: derive('record'), head: derive('head'), removal: derive('removal') }
}
