import type { SubjectTag } from '../ports/ids.ts'
import type { Session } from '../ports/session.ts'

/** The live sessions of a subject that must end before another one opens: those that were refreshed longest ago. */
export function sessionsToEnd<S extends Pick<Session, 'rotatedAt'>>(
  live: readonly S[],
  sessionLimit: number,
): readonly S[] {
  if (sessionLimit === 0) return []
  const longestAgoFirst = [...live].sort((a, b) => a.rotatedAt - b.rotatedAt)
  return longestAgoFirst.slice(0, Math.max(0, live.length - sessionLimit + 1))
}

/** Keeps a subject from taking too many steps at once in this process. */
export interface AtOnce {
  /** Whether a step may begin. Whoever began one calls `leave` when it is done. */
  enter(tag: SubjectTag): boolean
  leave(tag: SubjectTag): void
}

/** @param most 0: no limit */
export function createAtOnce(most: number): AtOnce {
  const underWay = new Map<SubjectTag, number>()
  return {
    enter(tag) {
      const count = underWay.get(tag) ?? 0
      if (most !== 0 && count >= most) return false
      underWay.set(tag, count + 1)
      return true
    },
    leave(tag) {
      const left = (underWay.get(tag) ?? 1) - 1
      if (left === 0) underWay.delete(tag)
      else underWay.set(tag, left)
    },
  }
}
