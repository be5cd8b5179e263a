import { type BindingKey, type BindKeyOutcome, tagOfSession } from '@sallyport/core/store'
import { unpackSession } from './codec.ts'
import { fieldOf } from './fields.ts'
import { withBoundKey } from './grant-codec.ts'
import { bytesOf } from './replies.ts'
import type { SessionParts } from './session-parts.ts'
import { createSurvey } from './survey.ts'

/** How often the session may be changed by others between reading and writing. */
const MAX_ROUNDS = 5
const CHANGED = 0
const OVER = 1

/** Writes the key to which a session is bound. Its grant is read first, since Redis can't make MACs. */
export function createKeyBinding(parts: SessionParts): (binding: BindingKey) => Promise<BindKeyOutcome> {
  const { commands, layout, header, records } = parts
  const survey = createSurvey(parts)

  return async ({ id, key, at, lifetimes, known }) => {
    const tag = tagOfSession(id)
    const shard = layout.shardOfTag(tag)
    const keys = [layout.user(tag), layout.meta(shard)]
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const reading = await survey.stored(tag, [id])
      if (reading.kind === 'unavailable') return reading
      const [stored] = reading.value
      if (stored === undefined) return { kind: 'unknown' }
      const packed = withBoundKey(records.unseal(stored).packed, key)
      const isBound = records.read(stored).boundKey !== undefined
      const answer = await commands.runDurably('bind-key', shard, keys, [
        ...[header(shard, at), fieldOf(id), lifetimes.idleMs, lifetimes.absoluteMs],
        ...[stored.grant, isBound ? '' : records.seal(stored, packed), known.endedUntil],
      ])
      if (answer.kind === 'unavailable') return answer
      if (answer.value === OVER) return { kind: 'unknown' }
      if (answer.value === CHANGED) continue
      if (isBound) return { kind: 'taken' }
      return { kind: 'bound', session: unpackSession(id, stored.subject, bytesOf(answer.value), packed) }
    }
    return { kind: 'unavailable' }
  }
}
