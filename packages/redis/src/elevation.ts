import { adopt, type ElevateOutcome, type Elevating } from '@sallyport/core/store'
import { unpackBinding, unpackSession } from './codec.ts'
import { createGrantChanges } from './grant-changes.ts'
import { withElevation } from './grant-codec.ts'
import { arrayOf, bytesOf } from './replies.ts'
import type { SessionParts } from './session-parts.ts'

/** Writes a session's elevation, and the device that the user has proved to have. */
export function createElevation(parts: SessionParts): (elevating: Elevating) => Promise<ElevateOutcome> {
  const { records } = parts
  const change = createGrantChanges(parts)

  return (elevating) =>
    change('elevate', elevating, (stored) => {
      const { id, elevation, bindings, known } = elevating
      const packed = withElevation(records.unseal(stored).packed, elevation)
      const bound = unpackBinding(stored.state)
      const { cells, version } = adopt(bound, bindings)
      return {
        args: [
          ...[stored.grant, records.seal(stored, packed)],
          ...[Buffer.from(bound.cells), Buffer.from(cells), version],
          ...[known.endedUntil, known.refusedUntil],
        ],
        done(reply) {
          const [state, issueFrom] = arrayOf(reply).map(bytesOf)
          const session = unpackSession(id, stored.subject, bytesOf(state), packed)
          return { kind: 'elevated', session, issueFrom: Number(issueFrom) }
        },
      }
    })
}
