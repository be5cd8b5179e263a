import type { SubjectKeyOutcome, SubjectKeyStore, SubjectTag } from '@sallyport/core/store'
import type { Reply } from './commands.ts'
import { bytesOf } from './replies.ts'
import type { SessionParts } from './session-parts.ts'
import { Unreadable } from './unreadable.ts'

const ID_CHARS = 22
const KEY_BYTES = 32
const TAG = /^[\w-]{16}$/
/** The shard of the subject, so that its key can be found, and the id of the key. */
const PSEUDONYM = /^([0-9a-f])\.([\w-]{22})$/

/** The keys of subjects in Redis: two strings each, the key by its subject and the subject by the id of its key. */
export function createRedisSubjectKeys({
  commands,
  layout,
  header,
}: Pick<SessionParts, 'commands' | 'layout' | 'header'>): SubjectKeyStore {
  function found(shard: number, tag: SubjectTag, record: Buffer): SubjectKeyOutcome {
    const { id, key } = parsed(record)
    return { kind: 'found', tag, pseudonym: `${shard.toString(16)}.${id}`, key }
  }

  return {
    async keyOf({ tag, fresh, keptMs, at }) {
      const shard = layout.shardOfTag(tag)
      const made = fresh === undefined ? '' : Buffer.concat([Buffer.from(fresh.id), fresh.key])
      const keys = [layout.subjectKey(tag), layout.keySubject(shard, fresh?.id ?? '')]
      const answer = await commands.run('subject-key', shard, keys, [header(shard, at), keptMs, made, tag])
      if (answer.kind === 'unavailable') return answer
      if (answer.value === null) return { kind: 'absent' }
      const outcome = found(shard, tag, bytesOf(answer.value))
      const { id } = parsed(bytesOf(answer.value))
      // It is kept for as long as the key, whose id was not known before.
      if (id !== fresh?.id) {
        const kept = await commands.call(shard, 'pexpire', layout.keySubject(shard, id), String(keptMs))
        if (kept.kind === 'unavailable') return kept
      }
      return outcome
    },
    async keyBehind(pseudonym) {
      const [, digit, id] = PSEUDONYM.exec(pseudonym) ?? []
      if (digit === undefined || id === undefined) return { kind: 'absent' }
      const shard = Number.parseInt(digit, 16)
      const subject = await commands.call(shard, 'get', layout.keySubject(shard, id))
      if (subject.kind === 'unavailable') return subject
      const tag = tagIn(subject.value)
      if (tag === undefined || layout.shardOfTag(tag) !== shard) return { kind: 'absent' }
      const record = await commands.call(shard, 'get', layout.subjectKey(tag))
      if (record.kind === 'unavailable') return record
      if (record.value === null || parsed(bytesOf(record.value)).id !== id) return { kind: 'absent' }
      return found(shard, tag, bytesOf(record.value))
    },
  }
}

function parsed(record: Buffer): { readonly id: string; readonly key: Uint8Array } {
  if (record.length !== ID_CHARS + KEY_BYTES) throw new Unreadable('the key of a subject')
  return { id: record.toString('latin1', 0, ID_CHARS), key: new Uint8Array(record.subarray(ID_CHARS)) }
}

function tagIn(reply: Reply): SubjectTag | undefined {
  const tag = reply === null ? '' : bytesOf(reply).toString('latin1')
  return TAG.test(tag) ? (tag as SubjectTag) : undefined
}
