import { tagOf } from '../ports/ids.ts'
import type { SessionId } from '../ports/model.ts'
import type { SubjectEndOutcome } from '../ports/store.ts'
import type { GateParts } from './parts.ts'

/** Ends the sessions of a subject, all or all but one, and lets this process know at once. */
export async function endSubject(
  parts: GateParts,
  subject: string,
  except?: SessionId,
): Promise<SubjectEndOutcome> {
  const outcome = await parts.store.sessions.endSubject({
    tag: tagOf(subject),
    at: parts.clock.now(),
    lifetimes: parts.sessions.lifetimes,
    ...(except === undefined ? {} : { except }),
  })
  if (outcome.kind === 'unavailable') return outcome
  for (const session of outcome.sessions) parts.replica.add({ kind: 'session', session })
  parts.replica.add(outcome.revocation)
  return outcome
}
