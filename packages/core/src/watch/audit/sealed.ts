import { createCipheriv, createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto'
import { hmacOf } from '../../tokens/hmac.ts'
import type { SallyportEvent } from '../event.ts'

/** What an event tells of a person, which is encrypted. */
const PERSONAL = ['sub', 'sid', 'ip', 'previous_ip', 'user_agent', 'resource_id'] as const

export type Personal = { [Name in (typeof PERSONAL)[number]]?: string | undefined }

export const SEAL_NONCE_BYTES: number = 12
const TAG_BYTES = 16
const ID_BYTES = 16

/** Separate keys for separate uses. */
export interface PersonKeys {
  readonly session: Uint8Array
  readonly seal: Uint8Array
  readonly binding: Uint8Array
}

/** @param key that of a subject */
export function personKeys(key: Uint8Array): PersonKeys {
  const derived = (use: string): Uint8Array => createHmac('sha256', key).update(use).digest()
  return { session: derived('session'), seal: derived('seal'), binding: derived('binding') }
}

/** The same for all events of a session, and of no use without the key. */
export function sessionPseudonym({ session }: PersonKeys, sid: string): string {
  const mac = createHmac('sha256', session).update(sid).digest()
  return mac.subarray(0, ID_BYTES).toString('base64url')
}

/** Members of a line that are no part of the event: what was sealed, and its place in a chain. */
const BESIDE: readonly string[] = ['sealed', 'chain']

/** In UTF-8, which the MAC is over, all of them are the same character. An event has none. */
const LONE_SURROGATE = /\p{Cs}/u

/** Whether a member of a line is replaced, or left out, when the event is revealed. */
export function isHidden(name: string): boolean {
  return BESIDE.includes(name) || PERSONAL.some((one) => one === name)
}

/** Whether two events tell the same of a person. */
export function tellsSame(one: Personal, other: Personal): boolean {
  return PERSONAL.every((name) => one[name] === other[name])
}

/** Encrypts what an event tells of a person (AES-256-GCM). It serves for all events that tell the same. */
export function sealPersonal(told: Personal, { seal }: PersonKeys, nonce: Uint8Array): string {
  const { sub, sid, ip, previous_ip, user_agent, resource_id } = told
  const text = JSON.stringify({ sub, sid, ip, previous_ip, user_agent, resource_id })
  const cipher = createCipheriv('aes-256-gcm', seal, nonce)
  const parts = [nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]
  return Buffer.concat(parts).toString('base64url')
}

/**
 * The member `sealed` of an event: what was encrypted, and a MAC over that and all other texts of the line. So nothing
 * can be changed, or moved to another event. Applications may add members of other kinds, which nobody reads.
 *
 * @param hidden the event as the trail has it
 */
export function bindSealed(sealed: string, hidden: SallyportEvent, { binding }: PersonKeys): string {
  return `${sealed}.${macOf(messageOf(sealed, hidden), binding)}`
}

/** Lengths stand before all texts, so that no two events have the same message. */
function messageOf(sealed: string, hidden: SallyportEvent): string {
  let message = `${sealed.length} ${sealed}`
  for (const name of Object.keys(hidden).sort()) {
    const value: unknown = hidden[name as keyof SallyportEvent]
    if (typeof value === 'string' && !BESIDE.includes(name))
      message += `\n${name.length} ${value.length} ${name}${value}`
  }
  return message
}

function macOf(message: string, key: Uint8Array): string {
  return Buffer.from(hmacOf(key, message), 'latin1').toString('base64url')
}

/** `undefined` if it was not sealed under this key, or for another event. */
export function openPersonal(event: SallyportEvent, { seal, binding }: PersonKeys): Personal | undefined {
  // Lines may have been written by anybody.
  if (typeof event.sealed !== 'string') return undefined
  const [sealed = '', mac = '', ...more] = event.sealed.split('.')
  const message = messageOf(sealed, event)
  if (more.length > 0 || LONE_SURROGATE.test(message) || !isSame(mac, macOf(message, binding)))
    return undefined
  const bytes = Buffer.from(sealed, 'base64url')
  const decipher = createDecipheriv('aes-256-gcm', seal, bytes.subarray(0, SEAL_NONCE_BYTES))
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
  const text = [decipher.update(bytes.subarray(SEAL_NONCE_BYTES, -TAG_BYTES)), decipher.final()]
  return JSON.parse(Buffer.concat(text).toString('utf8')) as Personal
}

function isSame(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)]
  return one.length === other.length && timingSafeEqual(one, other)
}
