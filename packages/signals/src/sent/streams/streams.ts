import type { Documents, Outbox } from '@sallyport/core/adapter'
import type { Unavailable } from '@sallyport/core/store'
import { STREAM_UPDATED } from '../../events.ts'
import type { ReadStream } from '../judge.ts'
import { SIGNAL, type SignalBody } from '../message.ts'
import type { Stream, StreamStatus } from '../stream.ts'
import { createEdits, MOST_TRIES, UNAVAILABLE, UNKNOWN, type Unknown } from './edits.ts'
import type { Following } from './follow.ts'
import {
  type DefaultSubjects,
  documentOf,
  type ManagingReceiver,
  memberOf,
  type StreamRecord,
  streamOf,
  subjectSetOf,
} from './record.ts'

/** What a receiver says of a stream. */
export type Wanted = Pick<StreamRecord, 'push' | 'events' | 'description'>
type Done = { readonly kind: 'done'; readonly stream: Stream }
/** What is to become of a record, or why nothing is. */
export type Change = (
  stream: Stream,
) => { readonly kind: 'wanted'; readonly wanted: Wanted } | { readonly kind: 'refused'; readonly say: string }

/** The streams that receivers set up, the same in all processes. Each step is one change of the receiver's document. */
export interface Streams {
  of(
    receiver: ManagingReceiver,
  ): Promise<{ readonly kind: 'read'; readonly streams: readonly Stream[] } | Unavailable>
  /** `full`: the receiver has as many as it may have. */
  create(receiver: ManagingReceiver, wanted: Wanted): Promise<Done | { readonly kind: 'full' } | Unavailable>
  change(
    receiver: ManagingReceiver,
    id: string,
    change: Change,
  ): Promise<Done | { readonly kind: 'refused'; readonly say: string } | Unknown | Unavailable>
  remove(
    receiver: ManagingReceiver,
    id: string,
  ): Promise<{ readonly kind: 'removed' } | Unknown | Unavailable>
  setStatus(
    receiver: ManagingReceiver,
    id: string,
    status: StreamStatus,
    reason: string | undefined,
    by: 'receiver' | 'operator',
  ): Promise<Done | Unknown | Unavailable>
  /** Whether the stream gets what concerns a user. `full`: it has as many as it may have. */
  setSubject(
    receiver: ManagingReceiver,
    id: string,
    subject: string,
    isWanted: boolean,
  ): Promise<{ readonly kind: 'noted' } | { readonly kind: 'full' } | Unknown | Unavailable>
  /** Reads a stream on behalf of messages. */
  reader(receiver: ManagingReceiver, id: string): ReadStream
  /** The receiver has been told by an update of the status that the operator gave its stream. Resolves to whether that is noted. */
  told(receiver: ManagingReceiver, id: string, update: string | undefined): Promise<boolean>
}

export interface StreamsParts {
  readonly documents: Documents
  readonly following: Following
  readonly outbox: Pick<Outbox, 'append'>
  readonly newName: () => string
  readonly defaultSubjects: DefaultSubjects
  readonly maxSubjects: number
}

export function createStreams(parts: StreamsParts): Streams {
  const { documents, following, outbox, defaultSubjects, maxSubjects } = parts
  const { read, edit, editOne } = createEdits(documents, following)

  const done = (
    record: StreamRecord,
    receiver: ManagingReceiver,
  ): { record: StreamRecord; outcome: Done } => ({
    record,
    outcome: { kind: 'done', stream: streamOf(record, receiver) },
  })

  const append = (id: string, update: string, claims: SignalBody['claims']) =>
    outbox.append({
      kind: SIGNAL,
      subject: aboutStream(id),
      body: JSON.stringify({ type: STREAM_UPDATED, claims, stream: id, update } satisfies SignalBody),
    })

  async function told(receiver: ManagingReceiver, id: string, update: string | undefined): Promise<boolean> {
    const outcome = await editOne(receiver, id, ({ isUntold, update: latest, ...record }) => ({
      outcome: { kind: 'noted' } as const,
      ...(isUntold === true && latest === update && { record }),
    }))
    return outcome.kind !== 'unavailable'
  }

  return {
    async of(receiver) {
      const kept = await read(receiver)
      if (kept.kind === 'unavailable') return kept
      return { kind: 'read', streams: kept.records.map((record) => streamOf(record, receiver)) }
    },

    async create(receiver, wanted) {
      const full = { kind: 'full' } as const
      const before = await read(receiver)
      if (before.kind === 'unavailable') return before
      if (before.records.length >= receiver.most) return full
      const id = parts.newName()
      // From the moment of the answer on nothing may be missing, so messages are kept before the stream is there.
      const begun = await following.subscriptionOf(id).begin()
      const outcome =
        begun.kind === 'unavailable'
          ? begun
          : await edit<Done | typeof full>(receiver, (records) => {
              if (records.length >= receiver.most) return { outcome: full }
              const { record, outcome } = done(
                { ...wanted, id, status: 'enabled', since: begun.at },
                receiver,
              )
              return { records: [...records, record], outcome }
            })
      // A store that went away may have kept the stream before it did.
      if (outcome.kind !== 'done') following.doubt(receiver, id)
      return outcome
    },

    change: (receiver, id, change) =>
      editOne<Done | { readonly kind: 'refused'; readonly say: string }>(receiver, id, (record) => {
        const changed = change(streamOf(record, receiver))
        if (changed.kind === 'refused') return { outcome: changed }
        const { push, events, description, ...rest } = record
        return done({ ...rest, ...changed.wanted }, receiver)
      }),

    remove: (receiver, id) =>
      edit<{ readonly kind: 'removed' } | Unknown>(receiver, (records) => {
        const others = records.filter((record) => record.id !== id)
        if (others.length === records.length) return { outcome: UNKNOWN }
        const dropped = [subjectSetOf(id, 'ALL'), subjectSetOf(id, 'NONE')]
        return { records: others, dropped, outcome: { kind: 'removed' } }
      }),

    async setStatus(receiver, id, status, reason, by) {
      const before = await read(receiver)
      if (before.kind === 'unavailable') return before
      if (!before.records.some((record) => record.id === id)) return UNKNOWN
      const begun = await following.subscriptionOf(id).begin()
      if (begun.kind === 'unavailable') return begun
      const update = by === 'operator' ? parts.newName() : undefined
      const set = await editOne(receiver, id, ({ isUntold: _, update: _earlier, ...record }) => {
        const isBack = record.status === 'disabled' && status !== 'disabled'
        const untold = update === undefined || status === 'enabled' ? {} : { isUntold: true, update }
        return done(
          { ...record, status, reason, since: isBack ? begun.at : record.since, ...untold },
          receiver,
        )
      })
      if (update === undefined || set.kind === 'unknown') return set
      // Only now: an update that arrived before the stream knows of it would never count as told.
      const claims = { status, ...(reason === undefined ? {} : { reason }) }
      const appended = set.kind === 'done' ? await append(id, update, claims) : set
      if (appended.kind === 'appended') return set
      // The operator has to repeat it. Until then the stream must not wait for an update that may never come.
      await told(receiver, id, update)
      return appended
    },

    async setSubject(receiver, id, subject, isWanted) {
      for (let tries = 0; tries < MOST_TRIES; tries++) {
        const kept = await read(receiver)
        if (kept.kind === 'unavailable') return kept
        if (!kept.records.some((record) => record.id === id)) return UNKNOWN
        const changed = await documents.change({
          name: documentOf(receiver),
          ifVersion: kept.version,
          set: subjectSetOf(id, defaultSubjects),
          member: memberOf(subject),
          isIn: isWanted === (defaultSubjects === 'NONE'),
          most: maxSubjects,
        })
        if (changed.kind !== 'changed') return changed
      }
      return UNAVAILABLE
    },

    reader: (receiver, id) => async (messages) => {
      const subjects = messages.flatMap(({ subject }) => subject ?? [])
      const [kept, inSet] = await Promise.all([
        read(receiver),
        documents.members(subjectSetOf(id, defaultSubjects), [...new Set(subjects.map(memberOf))]),
      ])
      if (kept.kind === 'unavailable') return kept
      if (inSet.kind === 'unavailable') return inSet
      const record = kept.records.find((one) => one.id === id)
      return {
        kind: 'read',
        stream: record && streamOf(record, receiver),
        isUnwanted(subject) {
          const isIn = subject !== undefined && inSet.members.has(memberOf(subject))
          return defaultSubjects === 'ALL' ? isIn : !isIn
        },
      }
    },

    told,
  }
}

/** The subject of messages about a stream, by which they keep their order. */
export function aboutStream(id: string): string {
  return `stream ${id}`
}
