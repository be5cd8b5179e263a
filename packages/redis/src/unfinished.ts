import type { SubjectTag } from '@sallyport/core/store'
import type { Reply } from './commands.ts'
import { createCrowd } from './crowd.ts'
import { arrayOf, bytesOf } from './replies.ts'
import type { SessionParts } from './session-parts.ts'

/**
 * Finishes an ending that broke off, because a process was killed or the server was away: the sessions that are over by the
 * mark are dropped, and other services are told, though nobody may ever ask for these sessions again.
 *
 * @param told what `marks.lua` gives: tag and lifetimes, or nothing
 */
export type FinishEnding = (told: Reply | undefined) => Promise<void>

export function createFinishEnding(parts: SessionParts): FinishEnding {
  const crowd = createCrowd(parts)
  return async (told) => {
    const [tag, idleMs, absoluteMs] = arrayOf(told ?? null).map(bytesOf)
    if (tag === undefined) return
    const lifetimes = { idleMs: Number(String(idleMs)), absoluteMs: Number(String(absoluteMs)) }
    // If it breaks off once more, a later heartbeat tells of it again.
    await crowd.endMarked({ tag: tag.toString('base64url') as SubjectTag, at: 0, lifetimes })
  }
}
