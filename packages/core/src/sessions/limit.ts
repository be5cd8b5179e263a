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
