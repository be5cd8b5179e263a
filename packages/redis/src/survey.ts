import type { Lifetimes, SessionId, SubjectTag } from '@sallyport/core/store'
import type { Answered } from './commands.ts'
import { ENDED, fieldOf, grantFieldOf, isOver, sessionOf } from './fields.ts'
import type { StoredSession } from './records.ts'
import { arrayOf, walk } from './replies.ts'
import type { SessionParts } from './session-parts.ts'

export interface Member {
  readonly id: SessionId
  readonly createdAt: number
  readonly rotatedAt: number
  readonly isOver: boolean
}

/** Looks at all sessions of a subject, in slices of which none holds up Redis for long. */
export interface Survey {
  /** The sessions that have not expired, including those that are over by a mark. */
  members(tag: SubjectTag, at: number, lifetimes: Lifetimes): Promise<Answered<readonly Member[]>>
  /** What is stored of sessions, except those that have ended meanwhile. At most some hundreds at once. */
  stored(tag: SubjectTag, ids: readonly SessionId[]): Promise<Answered<readonly StoredSession[]>>
}

/** As `survey.lua` packs a session. */
const MEMBER_BYTES = 29
const FIELD_BYTES = 16

export function createSurvey({ commands, layout, instant }: SessionParts): Survey {
  return {
    async members(tag, at, { idleMs, absoluteMs }) {
      const shard = layout.shardOfTag(tag)
      const keys = [layout.user(tag), layout.meta(shard)]
      const seen = await walk((cursor) =>
        commands.run('survey', shard, keys, [cursor, instant(at), idleMs, absoluteMs]),
      )
      if (seen.kind === 'unavailable') return seen
      const members = new Map(seen.value.flatMap((packed) => unpackMembers(tag, packed)))
      return { kind: 'answered', value: [...members.values()] }
    },

    async stored(tag, ids) {
      const names = ids.flatMap((id) => {
        const field = fieldOf(id)
        return [field, grantFieldOf(field)]
      })
      const user = layout.user(tag)
      const answer = await commands.call(layout.shardOfTag(tag), 'hmget', user, ENDED, '@', ...names)
      if (answer.kind === 'unavailable') return answer
      const [mark, subject, ...parts] = arrayOf(answer.value)
      const stored: StoredSession[] = []
      for (const [index, id] of ids.entries()) {
        const [state, grant] = parts.slice(2 * index, 2 * index + 2)
        if (!Buffer.isBuffer(state) || !Buffer.isBuffer(grant) || isOver(mark, fieldOf(id), state)) continue
        stored.push({ id, subject: String(subject), state, grant })
      }
      return { kind: 'answered', value: stored }
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
