/** What must not happen. */
export type ComplaintKind =
  /** An answer that the state of the system does not allow. */
  | 'answer'
  /** A 500, or a 503 that `Outages` does not excuse. */
  | 'fault'
  /** No answer, or one after the deadline, that `Outages` does not excuse. */
  | 'silence'
  /** A user was signed out whom nobody had signed out, and the soak was not held up at a plain refresh. */
  | 'signed out'
  /** A promise that the history of all answers breaks. */
  | 'history'
  /** A stream of events was refused, or outlived its token, and `Outages` does not excuse it. */
  | 'stream'
  /** A process ended by itself, or wrote to standard error what it should not. */
  | 'process'
  /** A process was not ready in time after what it needs, or itself, was back; or the operator could not do its work. */
  | 'recovery'
  /** The soak itself failed. */
  | 'soak'

export interface Complaint {
  readonly kind: ComplaintKind
  readonly what: string
  /** Milliseconds of `performance.now()`. */
  readonly at: number
}

export interface Complaints {
  add(kind: ComplaintKind, what: string): void
  /** The first of each kind; there may be very many. */
  readonly first: readonly Complaint[]
  /** How many there are of each kind. */
  readonly counts: ReadonlyMap<ComplaintKind, number>
}

const KEPT_OF_A_KIND = 50

/** @param say is told of each that is kept */
export function createComplaints(say: (complaint: Complaint) => void): Complaints {
  const first: Complaint[] = []
  const counts = new Map<ComplaintKind, number>()
  return {
    first,
    counts,
    add(kind, what) {
      const count = (counts.get(kind) ?? 0) + 1
      counts.set(kind, count)
      if (count > KEPT_OF_A_KIND) return
      const complaint = { kind, what, at: performance.now() }
      first.push(complaint)
      say(complaint)
    },
  }
}
