import { isName } from '@sallyport/core/adapter'
import { readSubject, type SubjectIdentifier } from '../../received/subject.ts'

export type UserInSubject =
  | { readonly kind: 'user'; readonly subject: string }
  /** It names nobody who could be told of here. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'malformed' }

/**
 * The user whom a subject names as our events do: by `iss_sub` of this deployment, alone or as the `user` of a complex
 * subject. One that says more is unknown, since it would match only some of the events about the user (SSF 1.0, section
 * 8.1.3.1). Whether there is such a user is not told.
 */
export function userIn(given: unknown, issuer: string): UserInSubject {
  const subject = readSubject(given)
  if (subject === undefined) return { kind: 'malformed' }
  if (subject.kind === 'simple') return userOf(subject.identifier, issuer)
  const { user, ...others } = subject.members
  return user === undefined || Object.keys(others).length > 0 ? { kind: 'unknown' } : userOf(user, issuer)
}

function userOf({ format, iss, sub }: SubjectIdentifier, issuer: string): UserInSubject {
  const isOurs = format === 'iss_sub' && iss === issuer && isName(sub)
  return isOurs ? { kind: 'user', subject: sub } : { kind: 'unknown' }
}
