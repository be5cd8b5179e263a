import type { ClientChange, ClientState } from './options.ts'
import type { SessionRecord } from './record.ts'
import type { Held } from './tokens.ts'

/** What this tab knows of the session. Nothing older replaces something newer. */
export interface Standing {
  readonly state: ClientState
  readonly held: Held | undefined
  /** The last sign-in or sign-out that is known here; -1: none. */
  readonly epoch: number
  /** Takes a token over, unless a newer one is here. */
  take(token: Held, by: ClientChange['by']): void
  /** Takes a sign-out over, unless somebody has signed in since. */
  leave(epoch: number, by: ClientChange['by']): void
  /** A record as it must be by what is known here. Where no storage keeps it, other tabs are ahead of it. */
  newer(record: SessionRecord): SessionRecord
  /** Takes over that somebody signed in, whose token is not here yet. */
  forget(epoch: number): void
}

export function createStanding(changed: (change: ClientChange) => void): Standing {
  let state: ClientState = 'unknown'
  let held: Held | undefined
  let epoch = -1

  function become(next: ClientChange['state'], since: number, by: ClientChange['by'], token?: Held): void {
    const isAnother = token !== undefined && (since > epoch || token.sid !== held?.sid)
    const isNews = isAnother || state !== next
    epoch = since
    held = token
    state = next
    if (isNews) changed({ state, by })
  }

  return {
    get state() {
      return state
    },
    get held() {
      return held
    },
    get epoch() {
      return epoch
    },
    take(token, by) {
      const isOld = token.epoch < epoch || (held?.epoch === token.epoch && held.turn >= token.turn)
      if (!isOld) become('signed_in', token.epoch, by, token)
    },
    leave(next, by) {
      if (next > epoch) become('signed_out', next, by)
    },
    newer(record) {
      const { turn = 0, sid } = held ?? {}
      return record.epoch > epoch || (record.epoch === epoch && record.turn >= turn)
        ? record
        : { ...record, epoch, turn, sid, isOut: state === 'signed_out', key: undefined }
    },
    forget(next) {
      epoch = next
      held = undefined
      state = 'unknown'
    },
  }
}
