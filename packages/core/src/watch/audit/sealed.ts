import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto'
import type { SallyportEvent } from '../event.ts'

/** What an event tells of a person, which is encrypted. */
const PERSONAL = ['sub', 'sid', 'ip', 'previous_ip', 'user_agent', 'resource_id'] as const

export type Personal = Partial<Record<(typeof PERSONAL)[number], string>>

export const SEAL_NONCE_BYTES: number = 12
const TAG_BYTES = 16
const ID_BYTES = 16

/** Separate keys for separate uses. */
export interface PersonKeys {
  readonly session: Uint8Array
  readonly seal: Uint8Array
}

/** @param key that of a subject */
export function personKeys(key: Uint8Array): PersonKeys {
  const derived = (use: string): Uint8Array => createHmac('sha256', key).update(use).digest()
  return { session: derived('session'), seal: derived('seal') }
}

/** The same for all events of a session, and of no use without the key. */
export function sessionPseudonym({ session }: PersonKeys, sid: string): string {
  const mac = createHmac('sha256', session).update(sid).digest()
  return mac.subarray(0, ID_BYTES).toString('base64url')
}

/** Members of a line that are no part of the event: what was sealed, and its place in a chain. */
const BESIDE: readonly string[] = ['sealed', 'chain']

/** Whether a member of a line is replaced, or left out, when the event is revealed. */
export function isHidden(name: string): boolean {
  return BESIDE.includes(name) || PERSONAL.some((one) => one === name)
}

/**
 * All texts that the line has besides, so that nothing can be changed, or moved to another event. Applications may add
 * members of other kinds, which nobody reads.
 */
function associated(hidden: SallyportEvent): Buffer {
  const members: (readonly [string, string])[] = []
  for (const name of Object.keys(hidden).sort()) {
    const value: unknown = hidden[name as keyof SallyportEvent]
    if (typeof value === 'string' && !BESIDE.includes(name)) members.push([name, value])
  }
  return Buffer.from(JSON.stringify(members))
}

/**
 * Encrypts what an event tells of a person (AES-256-GCM).
 *
 * @param hidden the event as the trail has it
 */
export function sealPersonal(
  event: SallyportEvent,
  hidden: SallyportEvent,
  { seal }: PersonKeys,
  nonce: Uint8Array,
): string {
  const { sub, sid, ip, previous_ip, user_agent, resource_id } = event
  const told: Readonly<Record<keyof Personal, string | undefined>> = {
    sub,
    sid,
    ip,
    previous_ip,
    user_agent,
    resource_id,
  }
  const cipher = createCipheriv('aes-256-gcm', seal, nonce)
  cipher.setAAD(associated(hidden))
  const parts = [nonce, cipher.update(JSON.stringify(told), 'utf8'), cipher.final(), cipher.getAuthTag()]
  return Buffer.concat(parts).toString('base64url')
}

/** `undefined` if it was not sealed under this key, or for another event. */
export function openPersonal(event: SallyportEvent, { seal }: PersonKeys): Personal | undefined {
  const sealed = Buffer.from(event.sealed ?? '', 'base64url')
  if (sealed.length < SEAL_NONCE_BYTES + TAG_BYTES) return undefined
  const decipher = createDecipheriv('aes-256-gcm', seal, sealed.subarray(0, SEAL_NONCE_BYTES))
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
