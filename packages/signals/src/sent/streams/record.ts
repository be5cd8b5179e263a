import { createHash } from 'node:crypto'
import type { Stream, StreamStatus } from '../stream.ts'

/** Somebody who sets up streams of its own. */
export interface ManagingReceiver {
  /** Tells it from others, also after a restart. */
  readonly name: string
  readonly audience: string | readonly string[]
  /** The types of events that it may get. */
  readonly supported: ReadonlySet<string>
  /** The subject whose token manages its streams. */
  readonly reader: string
  /** Where it may be pushed to. */
  readonly origins: ReadonlySet<string>
  /** The most streams that it may have at once. */
  readonly most: number
}

/** What a receiver set up, as it is kept. */
export interface StreamRecord {
  readonly id: string
  /** Missing: it polls. */
  readonly push?: { readonly url: string; readonly authorization?: string | undefined } | undefined
  /** The types of events that it asked for. Missing: all. */
  readonly events?: readonly string[] | undefined
  readonly description?: string | undefined
  readonly status: StreamStatus
  readonly reason?: string | undefined
  readonly since: number
  readonly isUntold?: boolean
  readonly update?: string
}

/** How long a receiver may take to answer. */
export const PUSH_TIMEOUT_MS = 3000

export function streamOf(record: StreamRecord, { name, audience, supported }: ManagingReceiver): Stream {
  const { id, push, events, description, status, reason, since, isUntold = false, update } = record
  return {
    ...{ id, audience, supported, requested: events, description, status, reason, since, isUntold, update },
    push: push && { url: push.url, authorization: push.authorization, timeoutMs: PUSH_TIMEOUT_MS },
    owner: { kind: 'receiver', name },
  }
}

/** The document that has the records of a receiver. */
export function documentOf({ name }: Pick<ManagingReceiver, 'name'>): string {
  return `signals.${name}`
}

/** @param body of the document, which was written here; empty if there is none yet */
export function recordsIn(body: string): readonly StreamRecord[] {
  return body === '' ? [] : JSON.parse(body)
}

export type DefaultSubjects = 'ALL' | 'NONE'

/** The set of the users of whom a stream gets nothing, or of whom alone it does. */
export function subjectSetOf(id: string, defaultSubjects: DefaultSubjects): string {
  return `${id}.${defaultSubjects === 'ALL' ? 'removed' : 'added'}`
}

const MEMBER_CHARS = 22

/** A user as the member of a set. */
export function memberOf(subject: string): string {
  return createHash('sha256').update(subject).digest('base64url').slice(0, MEMBER_CHARS)
}
