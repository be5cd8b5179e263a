import {
  type ListOutcome,
  type ListQuery,
  type Opening,
  type SessionId,
  type SubjectEnding,
  sessionsToEnd,
  sessionsToList,
} from '@sallyport/core/store'
import type { Answered, Reply } from './commands.ts'
import { fieldOf, sessionOf, tagBytes } from './fields.ts'
import { arrayOf, bytesOf, walk } from './replies.ts'
import { locator, type SessionParts } from './session-parts.ts'
import { createSurvey } from './survey.ts'

/**
 * What takes several steps for a subject with very many sessions. Each step is short, since Redis does nothing else
 * meanwhile, and what other processes do between two of them is taken as it comes.
 */
export interface Crowd {
  list(query: ListQuery): Promise<ListOutcome>
  /**
   * Goes on where `end-subject.lua` has marked the sessions as over. Answers what that does for few sessions: state,
   * grant and subject of the one that is kept, then the fields of those that ended.
   */
  endMarked(ending: SubjectEnding): Promise<Answered<readonly Reply[]>>
  /** Ends the sessions that must go before another one opens, and those that are over. */
  makeRoom(opening: Opening): Promise<Answered<readonly SessionId[]>>
}

/** Most sessions that one script ends. */
const MAX_ENDED = 60
/** State, grant and subject of a session that is not there. */
const NOBODY: readonly Reply[] = [Buffer.of(), Buffer.of(), Buffer.of()]

export function createCrowd(parts: SessionParts): Crowd {
  const { commands, header, records } = parts
  const locate = locator(parts)

  const survey = createSurvey(parts)

  return {
    async list({ tag, at, lifetimes, include }) {
      const surveyed = await survey.members(tag, at, lifetimes)
      if (surveyed.kind === 'unavailable') return surveyed
      const live = surveyed.value.filter((member) => !member.isOver)
      const { sessions: chosen, more } = sessionsToList(live, include)
      const stored = await survey.stored(
        tag,
        chosen.map(({ id }) => id),
      )
      if (stored.kind === 'unavailable') return stored
      return { kind: 'listed', sessions: records.readEach(stored.value), more }
    },

    async endMarked({ tag, at, lifetimes: { idleMs, absoluteMs }, except }) {
      const { shard, keys } = locate(tag)
      const ended = await walk((cursor) =>
        commands.runDurably('end-next', shard, keys, [
          header(shard, at),
          cursor,
          tagBytes(tag),
          idleMs,
          absoluteMs,
        ]),
      )
      if (ended.kind === 'unavailable') return ended
      if (except === undefined) return { kind: 'answered', value: [...NOBODY, ...ended.value] }
      // Last, so that its client still has a good token if another step fails.
      const kept = await commands.runDurably('keep', shard, keys, [
        header(shard, at),
        fieldOf(except),
        idleMs,
        absoluteMs,
      ])
      if (kept.kind === 'unavailable') return kept
      return { kind: 'answered', value: [...arrayOf(kept.value), ...ended.value] }
    },

    async makeRoom({ id, tag, at, lifetimes, sessionLimit, replaces }) {
      const surveyed = await survey.members(tag, at, lifetimes)
      if (surveyed.kind === 'unavailable') return surveyed
      const others = surveyed.value.filter((member) => member.id !== id && member.id !== replaces)
      const over = others.filter((member) => member.isOver)
      const live = others.filter((member) => !member.isOver)
      const surplus = [...over, ...sessionsToEnd(live, sessionLimit)]
      const { shard, keys } = locate(tag)
      const ended: SessionId[] = []
      for (let from = 0; from < surplus.length; from += MAX_ENDED) {
        const slice = surplus.slice(from, from + MAX_ENDED)
        const answer = await commands.runDurably('end-some', shard, keys, [
          header(shard, at),
          tagBytes(tag),
          ...slice.flatMap((member) => [fieldOf(member.id), member.rotatedAt]),
        ])
        if (answer.kind === 'unavailable') return answer
        ended.push(...arrayOf(answer.value).map((field) => sessionOf(tag, bytesOf(field))))
      }
      return { kind: 'answered', value: ended }
    },
  }
}
