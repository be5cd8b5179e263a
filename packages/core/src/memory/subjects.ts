import type { SessionId, SubjectTag } from '../ports/ids.ts'
import { hasExpired, type Lifetimes } from '../ports/lifetimes.ts'
import type { Opening } from '../ports/steps/opening.ts'
import type { SessionRecord } from '../sessions/record.ts'
import type { RefreshWindow } from '../sessions/rotate.ts'

export interface Subject {
  readonly sessions: Map<SessionId, SessionRecord>
  /** The second of the latest revocation of the whole subject, or 0. */
  notBefore: number
  window: RefreshWindow
  /** The number of sessions from which on a sign-in without a limit looks for expired ones. */
  searchedFrom: number
}

/** How many sessions of any subjects are looked at after each sign-in, to drop those that have expired. */
const SWEPT_PER_OPENING = 16
const SEARCHED_FROM = 64

/** All subjects that are known, and how what has expired is forgotten. */
export interface Subjects {
  get(tag: SubjectTag): Subject | undefined
  /** The subject with this tag, which is made if it is not known yet. */
  of(tag: SubjectTag): Subject
  /** Drops the sessions of all subjects that were made until an instant. */
  endUntil(until: number): void
  /** Drops what must not count for the limit of a sign-in. Without a limit, it is looked for as the sessions double. */
  tidy(subject: Subject, opening: Pick<Opening, 'at' | 'lifetimes' | 'sessionLimit'>): void
  /** Forgets everything but the mark of a subject. Returns `false` if it has sessions. */
  erase(tag: SubjectTag): boolean
  /** Looks at the next few sessions of any subjects, and drops those that have expired. */
  sweep(at: number, lifetimes: Lifetimes): void
}

export function createSubjects(): Subjects {
  const subjects = new Map<SubjectTag, Subject>()
  let sweeper = everything(subjects)

  return {
    get: (tag) => subjects.get(tag),
    of(tag) {
      const known = subjects.get(tag)
      if (known !== undefined) return known
      const fresh: Subject = {
        sessions: new Map(),
        notBefore: 0,
        window: { endsAt: 0, count: 0 },
        searchedFrom: SEARCHED_FROM,
      }
      subjects.set(tag, fresh)
      return fresh
    },
    endUntil(until) {
      for (const { sessions } of subjects.values())
        for (const [id, { createdAt }] of sessions) if (createdAt <= until) sessions.delete(id)
    },
    tidy(subject, { at, lifetimes, sessionLimit }) {
      if (sessionLimit === 0 && subject.sessions.size < subject.searchedFrom) return
      dropExpired(subject, at, lifetimes)
      subject.searchedFrom = Math.max(SEARCHED_FROM, 2 * subject.sessions.size)
    },
    erase(tag) {
      const known = subjects.get(tag)
      if (known === undefined) return true
      if (known.sessions.size > 0) return false
      known.window = { endsAt: 0, count: 0 }
      return true
    },
    sweep(at, lifetimes) {
      for (let swept = 0; swept < SWEPT_PER_OPENING; swept++) {
        const next = sweeper.next()
        if (next.done === true) {
          sweeper = everything(subjects)
          return
        }
        const { tag, subject, record } = next.value
        if (record !== undefined && hasExpired(record, at, lifetimes)) subject.sessions.delete(record.id)
        // The mark of a subject matters only while a token could still be issued in the same second.
        if (subject.sessions.size === 0 && subject.window.endsAt <= at && (subject.notBefore + 2) * 1000 < at)
          subjects.delete(tag)
      }
    },
  }
}

export function dropExpired(subject: Subject, at: number, lifetimes: Lifetimes): void {
  for (const [id, record] of subject.sessions)
    if (hasExpired(record, at, lifetimes)) subject.sessions.delete(id)
}

interface Visited {
  readonly tag: SubjectTag
  readonly subject: Subject
  readonly record?: SessionRecord
}

/** Visits each subject, and each of its sessions after it. What is added or removed meanwhile does no harm. */
function* everything(subjects: ReadonlyMap<SubjectTag, Subject>): Generator<Visited, void> {
  for (const [tag, subject] of subjects) {
    yield { tag, subject }
    for (const record of subject.sessions.values()) yield { tag, subject, record }
  }
}
