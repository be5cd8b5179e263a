/** How often a message has failed in a row, and since when, by the monotonic clock. */
export interface Failing {
  readonly failures: number
  readonly since: number
  /** When it may be tried again. */
  dueAt: number
}

/**
 * What a process knows of a receiver that fails. It outlasts the right to send, so that a receiver which is down is not
 * tried more often because processes take turns.
 */
export interface Standing {
  /** How many attempts have failed in a row, whichever messages they concerned. */
  failures: number
  downSince: number
  lastFailedAt: number
  /** Until when messages that have failed wait, and until when all others do. */
  retryFrom: number
  newFrom: number
  /** The messages that failed, by their ids. */
  readonly messages: Map<string, Failing>
}

export function newStanding(): Standing {
  return {
    ...{ failures: 0, downSince: 0, lastFailedAt: Number.NEGATIVE_INFINITY, retryFrom: 0, newFrom: 0 },
    messages: new Map(),
  }
}
