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
  /** Takes the step; `undefined` if the limit is reached. */
  take<Result>(tag: SubjectTag, step: () => Promise<Result>): Promise<Result> | undefined
}

/** @param most 0: no limit */
export function createAtOnce(most: number): AtOnce {
  const underWay = new Map<SubjectTag, number>()

  function leave(tag: SubjectTag): void {
    const left = (underWay.get(tag) ?? 1) - 1
    if (left === 0) underWay.delete(tag)
    else underWay.set(tag, left)
  }

  return {
    take(tag, step) {
      if (most === 0) return step()
      const count = underWay.get(tag) ?? 0
      if (count >= most) return undefined
      underWay.set(tag, count + 1)
      return step().finally(() => leave(tag))
    },
  }
}
