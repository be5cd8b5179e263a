import { hash } from 'node:crypto'
import type { Random } from './clock.ts'

declare const brand: unique symbol

/**
 * Identifies one session (a refresh token family). It has 38 base64url characters: the {@link SubjectTag} of its
 * subject (16 characters), then 128 random bits.
 */
export type SessionId = string & { readonly [brand]: 'SessionId' }

/**
 * Identifies a subject without revealing it: 16 base64url characters, the first 96 bits of a SHA-256. A store keeps
 * everything that belongs to one subject under its tag.
 */
export type SubjectTag = string & { readonly [brand]: 'SubjectTag' }

const TAG_BYTES = 12
const RANDOM_BYTES = 16
export const SESSION_ID_BYTES: number = TAG_BYTES + RANDOM_BYTES
const TAG_CHARS = 16
/** 28 bytes leave only two bits for the last character, so it is one of four. */
const SESSION_ID = /^[A-Za-z0-9_-]{37}[AQgw]$/

/**
 * Returns the tag of a subject. The hash has no key, so that tags survive a change of `secret`. A key would hide
 * nothing, because the record under the tag contains the subject itself.
 */
export function tagOf(subject: string): SubjectTag {
  return hash('sha256', `sallyport subject\0${subject}`, 'base64url').slice(0, TAG_CHARS) as SubjectTag
}

/** Makes a session id. It begins with the subject's tag, so that the id is enough to find its record. */
export function newSessionId(tag: SubjectTag, random: Random): SessionId {
  const bytes = Buffer.concat([Buffer.from(tag, 'base64url'), random(RANDOM_BYTES)])
  return bytes.toString('base64url') as SessionId
}

/** Whether a string has the form of a session id of this library. */
export function isSessionId(id: string): id is SessionId {
  return SESSION_ID.test(id)
}

/** The subject's tag, with which a session id begins. */
export function tagOfSession(id: SessionId): SubjectTag {
  return id.slice(0, TAG_CHARS) as SubjectTag
}

/** The rest of a session id after the tag. It is unique among the sessions of the subject. */
export function randomPart(id: SessionId): string {
  return id.slice(TAG_CHARS)
}

/** Joins a tag and a {@link randomPart} to a session id. */
export function sessionIdFrom(tag: SubjectTag, random: string): SessionId {
  return `${tag}${random}` as SessionId
}
