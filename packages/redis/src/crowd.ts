import {
  type Lifetimes,
  type ListOutcome,
  type ListQuery,
  type Opening,
  type Session,
  type SessionId,
  type SubjectEnding,
  type SubjectTag,
  sessionsToEnd,
  sessionsToList,
} from '@sallyport/core/store'
import { unpackSession } from './codec.ts'
import type { Answered, Reply } from './commands.ts'
import { ENDED, fieldOf, grantFieldOf, isOver, sessionOf, tagBytes } from './fields.ts'
import { arrayOf, bytesOf, walk } from './replies.ts'
import type { SessionParts } from './session-parts.ts'

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

interface Member {
  readonly id: SessionId
  readonly createdAt: number
  readonly rotatedAt: number
  readonly isOver: boolean
}

/** As `survey.lua` packs a session. */
const MEMBER_BYTES = 29
const FIELD_BYTES = 16
/** Most sessions that one script ends. */
const MAX_ENDED = 60
/** State, grant and subject of a session that is not there. */
const NOBODY: readonly Reply[] = [Buffer.of(), Buffer.of(), Buffer.of()]

export function createCrowd({ commands, layout, header, instant }: SessionParts): Crowd {
  const locate = (tag: SubjectTag): { shard: number; keys: string[] } => {
    const shard = layout.shardOfTag(tag)
    return { shard, keys: [layout.user(tag), layout.feed(shard), layout.meta(shard)] }
  }

  async function survey(
    tag: SubjectTag,
    at: number,
    { idleMs, absoluteMs }: Lifetimes,
  ): Promise<Answered<readonly Member[]>> {
    const shard = layout.shardOfTag(tag)
    const keys = [layout.user(tag), layout.meta(shard)]
    const seen = await walk((cursor) =>
      commands.run('survey', shard, keys, [cursor, instant(at), idleMs, absoluteMs]),
    )
    if (seen.kind === 'unavailable') return seen
    const members = new Map(seen.value.flatMap((packed) => unpackMembers(tag, packed)))
    return { kind: 'answered', value: [...members.values()] }
  }

  return {
    async list({ tag, at, lifetimes, include }) {
      const surveyed = await survey(tag, at, lifetimes)
      if (surveyed.kind === 'unavailable') return surveyed
      const live = surveyed.value.filter((member) => !member.isOver)
      const { sessions: chosen, more } = sessionsToList(live, include)
      const fields = chosen.map(({ id }) => fieldOf(id))
      const names = fields.flatMap((field) => [field, grantFieldOf(field)])
      const answer = await commands.call(
        layout.shardOfTag(tag),
        'hmget',
        layout.user(tag),
        ENDED,
        '@',
        ...names,
      )
      if (answer.kind === 'unavailable') return answer
      const [mark, subject, ...parts] = arrayOf(answer.value)
      const sessions: Session[] = []
      for (const [index, { id }] of chosen.entries()) {
        const [state, grant] = parts.slice(2 * index, 2 * index + 2)
        // It may have ended meanwhile.
        if (!Buffer.isBuffer(state) || !Buffer.isBuffer(grant) || isOver(mark, fieldOf(id), state)) continue
        sessions.push(unpackSession(id, String(subject), state, grant))
      }
      return { kind: 'listed', sessions, more }
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
      const surveyed = await survey(tag, at, lifetimes)
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

function unpackMembers(tag: SubjectTag, packed: Buffer): readonly (readonly [SessionId, Member])[] {
  const members: (readonly [SessionId, Member])[] = []
  for (let at = 0; at + MEMBER_BYTES <= packed.length; at += MEMBER_BYTES) {
    const id = sessionOf(tag, packed.subarray(at, at + FIELD_BYTES))
    const createdAt = packed.readUIntBE(at + FIELD_BYTES, 6)
    const rotatedAt = packed.readUIntBE(at + FIELD_BYTES + 6, 6)
    members.push([id, { id, createdAt, rotatedAt, isOver: packed.readUInt8(at + FIELD_BYTES + 12) === 1 }])
  }
  return members
}
