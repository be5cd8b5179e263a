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

/**
 * Identifies one API key: `key_`, then 128 random bits in 22 base64url characters. It tells nothing of the subject, so
 * it may stand in logs.
 */
export type ApiKeyId = string & { readonly [brand]: 'ApiKeyId' }

const TAG_BYTES = 12
const RANDOM_BYTES = 16
export const SESSION_ID_BYTES: number = TAG_BYTES + RANDOM_BYTES
const TAG_CHARS = 16
/** 28 bytes leave only two bits for the last character, so it is one of four. */
const SESSION_ID = /^[A-Za-z0-9_-]{37}[AQgw]$/
const API_KEY_PREFIX = 'key_'
/** 16 bytes leave only two bits for the last character, too. */
const API_KEY_ID = /^key_[A-Za-z0-9_-]{21}[AQgw]$/

/**
 * Whether a text can name somebody: 1 to 255 characters, without the zero character, which PostgreSQL can't keep, and
 * without halves of surrogate pairs. Encoded, those are all the same character, so that two names would be one.
 */
export function isName(text: unknown): text is string {
  return typeof text === 'string' && text.length >= 1 && text.length <= 255 && !/[\0\p{Cs}]/u.test(text)
}

/** What an error says that a name must be. */
export const NAME = 'a string of 1 to 255 characters, without zero characters or halves of surrogate pairs'

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

/** The id of the API key with these random bytes in base64url. */
export function apiKeyIdFrom(random: string): ApiKeyId {
  return `${API_KEY_PREFIX}${random}` as ApiKeyId
}

/** Makes the id of an API key. */
export function newApiKeyId(random: Random): ApiKeyId {
  return apiKeyIdFrom(Buffer.from(random(RANDOM_BYTES)).toString('base64url'))
}

/** Whether a string has the form of the id of an API key. */
export function isApiKeyId(id: string): id is ApiKeyId {
  return API_KEY_ID.test(id)
}

/**
 * How revocations name an API key: as a session of its subject. It ends like one, by one entry on the feed of the
 * subject's shard, and is told of, held and put back like one.
 */
export function sessionOfApiKey(tag: SubjectTag, id: ApiKeyId): SessionId {
  return sessionIdFrom(tag, id.slice(API_KEY_PREFIX.length))
}

/** The API key that a revocation names as this session, if it names one. */
export function apiKeyOfSession(session: SessionId): ApiKeyId {
  return apiKeyIdFrom(randomPart(session))
}
