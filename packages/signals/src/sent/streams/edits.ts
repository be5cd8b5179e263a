import type { Documents } from '@sallyport/core/adapter'
import type { Unavailable } from '@sallyport/core/store'
import type { Following } from './follow.ts'
import { documentOf, type ManagingReceiver, recordsIn, type StreamRecord } from './record.ts'

/** More racing changes of one receiver's streams than this are no accident. */
export const MOST_TRIES = 20
/** There is no such stream. */
export type Unknown = { readonly kind: 'unknown' }
export const UNKNOWN: Unknown = { kind: 'unknown' }
export const UNAVAILABLE: Unavailable = { kind: 'unavailable' }

export interface Kept {
  readonly version: number
  readonly records: readonly StreamRecord[]
}
/** The records that replace all, and what comes of it. `records` are missing if nothing changes. */
export interface Edit<T> {
  readonly records?: readonly StreamRecord[]
  readonly dropped?: readonly string[]
  readonly outcome: T
}

export interface Edits {
  read(receiver: ManagingReceiver): Promise<({ readonly kind: 'read' } & Kept) | Unavailable>
  /** Puts an edit in place of what it was made from, or makes it anew from what somebody else has put there. */
  edit<T>(
    receiver: ManagingReceiver,
    make: (records: readonly StreamRecord[]) => Edit<T>,
  ): Promise<T | Unavailable>
  /** Edits one record of a receiver. */
  editOne<T>(
    receiver: ManagingReceiver,
    id: string,
    make: (record: StreamRecord) => { readonly record?: StreamRecord; readonly outcome: T },
  ): Promise<T | Unknown | Unavailable>
}

/** Reads and edits the records of receivers. Of racing edits none is lost. */
export function createEdits(documents: Documents, following: Pick<Following, 'take' | 'versionOf'>): Edits {
  async function read(receiver: ManagingReceiver): Promise<({ readonly kind: 'read' } & Kept) | Unavailable> {
    const name = documentOf(receiver)
    const since = following.versionOf(receiver)
    const reading = await documents.read([name])
    if (reading.kind === 'unavailable') return reading
    const document = reading.documents.get(name)
    if (document === undefined) return UNAVAILABLE
    const records = recordsIn(document.body)
    following.take(receiver, document.version, records, since)
    return { kind: 'read', version: document.version, records }
  }

  async function edit<T>(
    receiver: ManagingReceiver,
    make: (records: readonly StreamRecord[]) => Edit<T>,
  ): Promise<T | Unavailable> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const kept = await read(receiver)
      if (kept.kind === 'unavailable') return kept
      const { records, dropped = [], outcome } = make(kept.records)
      if (records === undefined) return outcome
      const swapped = await documents.swap({
        name: documentOf(receiver),
        ifVersion: kept.version,
        body: JSON.stringify(records),
        dropped,
      })
      if (swapped.kind === 'unavailable') return swapped
      if (swapped.kind === 'changed') continue
      following.take(receiver, kept.version + 1, records, kept.version)
      return outcome
    }
    return UNAVAILABLE
  }

  function editOne<T>(
    receiver: ManagingReceiver,
    id: string,
    make: (record: StreamRecord) => { readonly record?: StreamRecord; readonly outcome: T },
  ): Promise<T | Unknown | Unavailable> {
    return edit<T | Unknown>(receiver, (records) => {
      const mine = records.find((record) => record.id === id)
      if (mine === undefined) return { outcome: UNKNOWN }
      const { record, outcome } = make(mine)
      if (record === undefined) return { outcome }
      return { records: records.map((one) => (one === mine ? record : one)), outcome }
    })
  }

  return { read, edit, editOne }
}
