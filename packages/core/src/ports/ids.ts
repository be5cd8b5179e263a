import { hash } from 'node:crypto'
import type { Random } from './clock.ts'

declare const brand: unique symbol

/**
 * Names one session (a refresh family): 38 base64url characters, of which the first 16 name the
 * subject (see {@link SubjectTag}) and the others are 128 random bits.
 */
export type SessionId = string & { readonly [brand]: 'SessionId' }

/**
 * Names a subject without telling it: 16 base64url characters, the first 96 bits of a SHA-256.
 * All that the store keeps of one subject lies under its tag.
 */
export type SubjectTag = string & { readonly [brand]: 'SubjectTag' }

const TAG_BYTES = 12
const RANDOM_BYTES = 16
export const SESSION_ID_BYTES: number = TAG_BYTES + RANDOM_BYTES
const TAG_CHARS = 16
/** 28 bytes leave the last character two bits to say, so four letters. */
const SESSION_ID = /^[A-Za-z0-9_-]{37}[AQgw]$/

/**
 * Names a subject. Unkeyed, so that it outlives a change of `secret`; the subject itself lies in the
 * same record, so a key would hide nothing.
 */
export function tagOf(subject: string): SubjectTag {
  return hash('sha256', `sallyport subject\0${subject}`, 'base64url').slice(0, TAG_CHARS) as SubjectTag
}

/** A fresh session id. It begins with its subject's tag, so that an id alone says where its record lies. */
export function newSessionId(tag: SubjectTag, random: Random): SessionId {
  const bytes = Buffer.concat([Buffer.from(tag, 'base64url'), random(RANDOM_BYTES)])
  return bytes.toString('base64url') as SessionId
}

/** Whether a text is spelled as a session id of ours is. */
export function isSessionId(text: string): text is SessionId {
  return SESSION_ID.test(text)
}

/** The tag that a session id begins with. */
export function tagOfSession(id: SessionId): SubjectTag {
  return id.slice(0, TAG_CHARS) as SubjectTag
}

/** The part of a session id that is its own: unique among the sessions of its subject. */
export function randomPart(id: SessionId): string {
  return id.slice(TAG_CHARS)
}

/** Puts an id together again. */
export function sessionIdFrom(tag: SubjectTag, own: string): SessionId {
  return `${tag}${own}` as SessionId
}
