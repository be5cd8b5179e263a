import type { judgeClaims, LeakKind } from '@sallyport/claims-policy'
import { ClaimsError } from '../../errors.ts'
import { LEAK_NAMES } from './claims-error.ts'
import { loadPolicy } from './claims-judge.ts'

/** Judges the subject of a sign-in. Rejects with a `ClaimsError` if it must not be in a token. */
export type SubjectJudge = (subject: string) => Promise<void>

export interface SubjectSettings {
  readonly production: boolean
  /** What is done with a subject that looks like personal data. */
  readonly subjects: 'judge' | 'exempt'
}

/**
 * What ids consist of, such as UUIDs, ULIDs, numbers of any length and `auth0|5f7c8ec7`. They are not searched, because
 * a number of 16 digits may look like that of a card.
 */
const ID = /^[\w|:.~-]*$/
/** A phone, card or account number as people write it, which no id resembles. */
const WRITTEN_NUMBER = /^\+?[\dA-Z() .-]+$/
const EMAIL = /@.*\./
const MAX_BYTES = 4096

/**
 * A subject that looks like personal data is refused in production, and gives one notice elsewhere. If the package that
 * recognises personal data is not installed, only e-mail addresses are found, and they give a notice.
 */
export function createSubjectJudge(
  { production, subjects }: SubjectSettings,
  notice: (message: string) => void,
): SubjectJudge {
  let loading: ReturnType<typeof loadPolicy> | undefined
  let isReported = false

  return async (subject) => {
    if (subjects === 'exempt' || ID.test(subject)) return
    // A package that is broken must not end sign-ins. The option `claims` reports it at start.
    loading ??= loadPolicy().catch(() => undefined)
    const policy = await loading
    const kind = policy === undefined ? kindOfShape(subject) : kindFoundBy(policy, subject)
    if (kind === undefined) return
    const message = `"subject" looks like ${LEAK_NAMES[kind]}, and whoever sees an access token can read it: use an id that says nothing about the user, or exempt the subject ("claims.exempt": ["sub"])`
    if (production && policy !== undefined) throw new ClaimsError(['subject'], message)
    if (!isReported) notice(message)
    isReported = true
  }
}

function kindOfShape(subject: string): LeakKind | undefined {
  return EMAIL.test(subject) ? 'email' : undefined
}

function kindFoundBy(judge: typeof judgeClaims, subject: string): LeakKind | undefined {
  const verdict = judge({ subject }, { maxBytes: MAX_BYTES })
  if (verdict.kind !== 'leaking') return undefined
  return verdict.leaks.find(({ kind }) => kind === 'email' || WRITTEN_NUMBER.test(subject))?.kind
}
