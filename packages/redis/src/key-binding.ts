import type { BindingKey, BindKeyOutcome } from '@sallyport/core/store'
import { unpackSession } from './codec.ts'
import { createGrantChanges } from './grant-changes.ts'
import { withBoundKey } from './grant-codec.ts'
import { bytesOf } from './replies.ts'
import type { SessionParts } from './session-parts.ts'

/** Writes the key to which a session is bound, unless it has one. */
export function createKeyBinding(parts: SessionParts): (binding: BindingKey) => Promise<BindKeyOutcome> {
  const { records } = parts
  const change = createGrantChanges(parts)

  return (binding) =>
    change<BindKeyOutcome>('bind-key', binding, (stored) => {
      const { id, key, known } = binding
      const packed = withBoundKey(records.unseal(stored).packed, key)
      const isBound = records.read(stored).boundKey !== undefined
      return {
        args: [stored.grant, isBound ? '' : records.seal(stored, packed), known.endedUntil],
        done: (reply) =>
          isBound
            ? { kind: 'taken' }
            : { kind: 'bound', session: unpackSession(id, stored.subject, bytesOf(reply), packed) },
      }
    })
}
