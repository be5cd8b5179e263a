import { adopt, type ElevateOutcome, type Elevating, tagOfSession } from '@sallyport/core/store'
import { unpackBinding, unpackSession } from './codec.ts'
import { fieldOf } from './fields.ts'
import { withElevation } from './grant-codec.ts'
import { arrayOf, bytesOf } from './replies.ts'
import type { SessionParts } from './session-parts.ts'
import { createSurvey } from './survey.ts'

/** How often the session may be changed by others between reading and writing. */
const MAX_ROUNDS = 5
const CHANGED = 0
const OVER = 1

/** Writes a session's elevation. What it replaces is read first, since Redis can't make MACs. */
export function createElevation(parts: SessionParts): (elevating: Elevating) => Promise<ElevateOutcome> {
  const { commands, layout, header, records } = parts
  const survey = createSurvey(parts)

  return async ({ id, elevation, bindings, at, lifetimes, known }) => {
    const tag = tagOfSession(id)
    const shard = layout.shardOfTag(tag)
    const keys = [layout.user(tag), layout.meta(shard)]
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const reading = await survey.stored(tag, [id])
      if (reading.kind === 'unavailable') return reading
      const [stored] = reading.value
      if (stored === undefined) return { kind: 'unknown' }
      const packed = withElevation(records.unseal(stored).packed, elevation)
      const bound = unpackBinding(stored.state)
      const { cells, version } = adopt(bound, bindings)
      const answer = await commands.runDurably('elevate', shard, keys, [
        ...[header(shard, at), fieldOf(id), lifetimes.idleMs, lifetimes.absoluteMs],
        ...[
          stored.grant,
          records.seal(stored, packed),
          Buffer.from(bound.cells),
          Buffer.from(cells),
          version,
        ],
        ...[known.endedUntil, known.refusedUntil],
      ])
      if (answer.kind === 'unavailable') return answer
      if (answer.value === OVER) return { kind: 'unknown' }
      if (answer.value === CHANGED) continue
      const [state, issueFrom] = arrayOf(answer.value).map(bytesOf)
      const session = unpackSession(id, stored.subject, bytesOf(state), packed)
      return { kind: 'elevated', session, issueFrom: Number(issueFrom) }
    }
    return { kind: 'unavailable' }
  }
}
