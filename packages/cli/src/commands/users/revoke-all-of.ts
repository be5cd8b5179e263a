import type { Sallyport } from '@sallyport/core'
import { codeOf, type Surroundings } from '../../surroundings.ts'
import { createProgress, heedInterrupts } from '../../terminal/progress.ts'

/** How far it came. */
export interface Revocation {
  /** How many users are signed out. */
  readonly done: number
  /** The sessions that ended. */
  readonly ended: readonly string[]
  /** The API keys that were revoked. */
  readonly revoked: readonly string[]
  /** The users for whom the store did not answer. */
  readonly failed: readonly string[]
  /** The users who were not reached, because of Ctrl-C or a fault. */
  readonly remaining: readonly string[]
  /** Why it went no further, such as a name that no user can have; `undefined` if it did, or was interrupted. */
  readonly fault: unknown
}

interface How {
  readonly reason?: string
  readonly apiKeys?: true
}

/** As many as the library works on at once. */
const SLICE = 200

/** Signs users out, slice by slice. Ctrl-C stops it behind the current one. */
export async function revokeAll(
  surroundings: Surroundings,
  sallyport: Pick<Sallyport, 'sessions' | 'apiKeys'>,
  subjects: readonly string[],
  { reason, apiKeys }: How,
): Promise<Revocation> {
  const interrupts = heedInterrupts(surroundings)
  const progress = createProgress(surroundings, subjects.length, 'users')
  const [ended, revoked, failed]: [string[], string[], string[]] = [[], [], []]
  let at = 0
  let fault: unknown
  try {
    while (at < subjects.length && !interrupts.isInterrupted) {
      progress.show(at)
      const slice = subjects.slice(at, at + SLICE)
      // First, since this is refused as a whole if there are no API keys.
      const keys = apiKeys ? await revokeKeys(sallyport, slice, { reason }) : { revoked: [], failed: [] }
      const outcome = await sallyport.sessions.revokeUsers(slice, { reason })
      ended.push(...outcome.ended)
      revoked.push(...keys.revoked)
      failed.push(...new Set([...outcome.failed, ...keys.failed]))
      at += slice.length
    }
  } catch (cause) {
    fault = cause
  } finally {
    progress.end()
    interrupts.close()
  }
  return { done: at - failed.length, ended, revoked, failed, remaining: subjects.slice(at), fault }
}

async function revokeKeys(
  { apiKeys }: Pick<Sallyport, 'apiKeys'>,
  subjects: readonly string[],
  how: { readonly reason: string | undefined },
): Promise<Pick<Revocation, 'revoked' | 'failed'>> {
  const outcomes = await Promise.all(
    subjects.map(async (subject) => {
      try {
        return { revoked: (await apiKeys.revokeAll(subject, how)).revoked, failed: [] }
      } catch (cause) {
        if (codeOf(cause) !== 'ERR_UNAVAILABLE') throw cause
        return { revoked: [], failed: [subject] }
      }
    }),
  )
  return {
    revoked: outcomes.flatMap((one) => one.revoked),
    failed: outcomes.flatMap((one) => one.failed),
  }
}
