import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto'
import type { SallyportEvent } from '../event.ts'

/** What an event tells of a person, which is encrypted. */
const PERSONAL = ['sub', 'sid', 'ip', 'previous_ip', 'user_agent'] as const

export type Personal = Partial<Record<(typeof PERSONAL)[number], string>>

export const SEAL_NONCE_BYTES: number = 12
const TAG_BYTES = 16
const ID_BYTES = 16

/** Separate keys for separate uses. */
const derived = (key: Uint8Array, use: string): Buffer => createHmac('sha256', key).update(use).digest()

/** The same for all events of a session, and of no use without the key. */
export function sessionPseudonym(key: Uint8Array, sid: string): string {
  const mac = createHmac('sha256', derived(key, 'session')).update(sid).digest()
  return mac.subarray(0, ID_BYTES).toString('base64url')
}

/** So that nothing can be moved to another event. */
const associated = ({ time, event }: Pick<SallyportEvent, 'time' | 'event'>): Buffer =>
  Buffer.from(`${time} ${event}`)

/** Encrypts what an event tells of a person (AES-256-GCM). */
export function sealPersonal(event: SallyportEvent, key: Uint8Array, nonce: Uint8Array): string {
  const told = Object.fromEntries(PERSONAL.map((name) => [name, event[name]]))
  const cipher = createCipheriv('aes-256-gcm', derived(key, 'seal'), nonce)
  cipher.setAAD(associated(event))
  const parts = [nonce, cipher.update(JSON.stringify(told), 'utf8'), cipher.final(), cipher.getAuthTag()]
  return Buffer.concat(parts).toString('base64url')
}

/** `undefined` if it was not sealed under this key, or for another event. */
export function openPersonal(
  event: Pick<SallyportEvent, 'time' | 'event' | 'sealed'>,
  key: Uint8Array,
): Personal | undefined {
  const sealed = Buffer.from(event.sealed ?? '', 'base64url')
  if (sealed.length < SEAL_NONCE_BYTES + TAG_BYTES) return undefined
  const decipher = createDecipheriv('aes-256-gcm', derived(key, 'seal'), sealed.subarray(0, SEAL_NONCE_BYTES))
  decipher.setAAD(associated(event))
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
  try {
    const text = Buffer.concat([
      decipher.update(sealed.subarray(SEAL_NONCE_BYTES, -TAG_BYTES)),
      decipher.final(),
    ])
    return JSON.parse(text.toString('utf8')) as Personal
  } catch {
    return undefined
  }
}
