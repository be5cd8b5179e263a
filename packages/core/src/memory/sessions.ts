import { adopt } from '../binding/adopt.ts'
import { isSessionId, type SessionId, type SubjectTag, tagOfSession } from '../ports/ids.ts'
import { hasExpired } from '../ports/lifetimes.ts'
import {
  type AllRevocation,
  type KnownMarks,
  notBeforeOf,
  TOKENS_AHEAD_SECONDS,
} from '../ports/revocations.ts'
import type { Session } from '../ports/session.ts'
import type { SessionStore } from '../ports/sessions.ts'
import type { BindingKey } from '../ports/steps/binding-key.ts'
import type { Opening } from '../ports/steps/opening.ts'
import type { Rotation, RotationOutcome } from '../ports/steps/rotating.ts'
import { sessionsToEnd } from '../sessions/limit.ts'
import { sessionsToList } from '../sessions/list.ts'
import { firstRecord, keptRecord, nextRecord, portSession, type SessionRecord } from '../sessions/record.ts'
import { judgeRotation, type RefreshWindow } from '../sessions/rotate.ts'
import type { MemoryOutbox } from './optional/outbox.ts'
import type { MemoryRevocations } from './revocations.ts'
import { createSubjects, dropExpired, type Subject } from './subjects.ts'

export interface MemorySessions extends SessionStore {
  /** From now on, tokens of the subject are issued later than this second. The latest mark counts. */
  markSubject(tag: SubjectTag, notBefore: number): void
  /** Ends every session that the revocation concerns. From now on, tokens are issued after it. */
  endAll(everything: AllRevocation): void
  /** Skips a burnt generation, if the session has not gone on from it. */
  burn(id: SessionId, generation: number): void
  /** Drops a session that was revoked before, if it is there. */
  drop(id: SessionId): void
}

/**
 * Sessions in memory. Each method runs to its end without yielding, which makes it one atomic step.
 *
 * @param outbox where to tell that a session has ended, if anybody wants to know
 */
export function createMemorySessions(
  revocations: MemoryRevocations,
  outbox: Pick<MemoryOutbox, 'ended'> | undefined,
): MemorySessions {
  const subjects = createSubjects()
  let notBeforeAll = 0
  const issueFromOf = ({ notBefore }: Subject, { refusedUntil }: KnownMarks): number =>
    Math.max(notBefore, notBeforeAll, refusedUntil) + 1

  function end(id: SessionId, at: number): void {
    const sessions = subjects.get(tagOfSession(id))?.sessions
    const subject = sessions?.get(id)?.subject
    sessions?.delete(id)
    if (revocations.add({ kind: 'session', session: id }, at)) outbox?.ended(id, subject, at)
  }

  function makeRoom(subject: Subject, { id, sessionLimit, at }: Opening): SessionId[] {
    if (sessionLimit === 0) return []
    const others = [...subject.sessions.values()].filter((record) => record.id !== id)
    const ended = sessionsToEnd(others, sessionLimit).map((record) => record.id)
    for (const endedId of ended) end(endedId, at)
    return ended
  }

  function liveOf({ id, at, lifetimes, known }: Omit<BindingKey, 'key'>) {
    const subject = subjects.get(tagOfSession(id))
    const record = subject?.sessions.get(id)
    const isLive =
      record !== undefined && record.createdAt > known.endedUntil && !hasExpired(record, at, lifetimes)
    return subject !== undefined && isLive ? { subject, record } : undefined
  }

  function carryOut(subject: Subject, record: SessionRecord, rotation: Rotation): RotationOutcome {
    const verdict = judgeRotation(record, subject.window, rotation)
    const issueFrom = issueFromOf(subject, rotation.known)
    switch (verdict.kind) {
      case 'expired':
        subject.sessions.delete(record.id)
        return { kind: 'expired' }
      case 'wrong_client':
      case 'unproven':
      case 'limited':
        return verdict
      case 'mismatch':
        end(record.id, rotation.at)
        return { kind: 'mismatched', session: portSession(record), drift: verdict.drift }
      case 'challenge':
        return { kind: 'challenged', session: portSession(record), drift: verdict.drift }
      case 'reuse':
        end(record.id, rotation.at)
        return { kind: 'reused', session: portSession(record), rolledBack: verdict.rolledBack }
      case 'converge': {
        const converged = { ...record, converged: verdict.converged }
        subject.sessions.set(record.id, converged)
        return { kind: 'converged', session: portSession(converged), drift: verdict.drift, issueFrom }
      }
      case 'rotate': {
        const session = goOn(subject, nextRecord(record, rotation, verdict), verdict.window)
        return { kind: 'rotated', session, rolledBack: verdict.rolledBack, drift: verdict.drift, issueFrom }
      }
      case 'contest': {
        const { id, generation, ip: previousIp } = record
        revocations.add({ kind: 'generation', session: id, generation }, rotation.at)
        const session = goOn(subject, nextRecord(record, rotation, verdict), verdict.window)
        const outcome = { kind: 'contested', session, drift: verdict.drift, issueFrom } as const
        return previousIp === undefined ? outcome : { ...outcome, previousIp }
      }
    }
  }

  return {
    markSubject: (tag, notBefore) => mark(subjects.of(tag), notBefore),
    endAll(everything) {
      subjects.endUntil(everything.until)
      notBeforeAll = Math.max(notBeforeAll, notBeforeOf(everything))
    },
    burn(id, generation) {
      const sessions = subjects.get(tagOfSession(id))?.sessions
      const record = sessions?.get(id)
      if (record === undefined || record.generation > generation) return
      // Of an older record, the generation that it has is the best guess at the one that was presented last.
      const base = record.generation < generation ? record.generation : record.base
      sessions?.set(id, { ...record, generation: generation + 1, base, key: undefined, confirmed: false })
    },
    drop: (id) => void subjects.get(tagOfSession(id))?.sessions.delete(id),
    open(opening) {
      const subject = subjects.of(opening.tag)
      const { replaces } = opening
      const replaced = replaces !== undefined && subject.sessions.has(replaces)
      if (replaced) end(replaces, opening.at)
      subjects.tidy(subject, opening)
      const ended = makeRoom(subject, opening)
      const record = firstRecord(opening, Math.max(opening.at, opening.known.endedUntil + 1))
      subject.sessions.set(opening.id, record)
      subjects.sweep(opening.at, opening.lifetimes)
      return Promise.resolve({
        kind: 'opened',
        session: portSession(record),
        ended,
        replaced,
        issueFrom: issueFromOf(subject, opening.known),
      })
    },
    rotate(rotation) {
      const subject = subjects.get(tagOfSession(rotation.id))
      const record = subject?.sessions.get(rotation.id)
      if (subject === undefined || record === undefined || record.createdAt <= rotation.known.endedUntil)
        return Promise.resolve({ kind: 'unknown' })
      return Promise.resolve(carryOut(subject, record, rotation))
    },
    read(id) {
      const record = subjects.get(tagOfSession(id))?.sessions.get(id)
      return Promise.resolve(
        record === undefined
          ? { kind: 'unknown' }
          : { kind: 'read', session: portSession(record), base: record.base, keyed: record.keyed },
      )
    },
    elevate({ id, elevation, bindings, at, lifetimes, known }) {
      const live = liveOf({ id, at, lifetimes, known })
      if (live === undefined) return Promise.resolve({ kind: 'unknown' })
      const { subject, record } = live
      const elevated = { ...record, elevation, binding: adopt(record.binding, bindings) }
      subject.sessions.set(id, elevated)
      return Promise.resolve({
        kind: 'elevated',
        session: portSession(elevated),
        issueFrom: issueFromOf(subject, known),
      })
    },
    bindKey({ id, key, at, lifetimes, known }) {
      const live = liveOf({ id, at, lifetimes, known })
      if (live === undefined) return Promise.resolve({ kind: 'unknown' })
      const { subject, record } = live
      if (record.boundKey !== undefined) return Promise.resolve({ kind: 'taken' })
      const bound = { ...record, boundKey: key }
      subject.sessions.set(id, bound)
      return Promise.resolve({ kind: 'bound', session: portSession(bound) })
    },
    confirm({ id, generation }) {
      const sessions = subjects.get(tagOfSession(id))?.sessions
      const record = sessions?.get(id)
      if (record?.generation === generation) sessions?.set(id, { ...record, confirmed: true })
      return Promise.resolve({ kind: 'noted' })
    },
    end({ id, at, evenIfAbsent }) {
      if (!isSessionId(id)) {
        if (evenIfAbsent) revocations.add({ kind: 'session', session: id }, at)
        return Promise.resolve({ kind: 'absent' })
      }
      const record = subjects.get(tagOfSession(id))?.sessions.get(id)
      if (record !== undefined || evenIfAbsent) end(id, at)
      return Promise.resolve(
        record === undefined ? { kind: 'absent' } : { kind: 'ended', subject: record.subject },
      )
    },
    endSubject({ tag, at, lifetimes, except }) {
      const subject = subjects.of(tag)
      dropExpired(subject, at, lifetimes)
      const ended = [...subject.sessions.keys()].filter((id) => id !== except)
      for (const id of ended) end(id, at)
      const notBefore = Math.floor(at / 1000)
      mark(subject, notBefore)
      const revocation = {
        kind: 'subject',
        tag,
        notBefore,
        ...(except === undefined ? {} : { except }),
      } as const
      revocations.add(revocation, at)
      const survivor = except === undefined ? undefined : subject.sessions.get(except)
      if (survivor === undefined) return Promise.resolve({ kind: 'ended', sessions: ended, revocation })
      const kept = keptRecord(survivor, at)
      subject.sessions.set(kept.id, kept)
      return Promise.resolve({ kind: 'ended', sessions: ended, revocation, kept: portSession(kept) })
    },
    renew({ tag, at, lifetimes, known, scope }) {
      const subject = subjects.of(tag)
      dropExpired(subject, at, lifetimes)
      // An earlier mark put tokens off until the second after it.
      const notBefore = Math.max(Math.floor(at / 1000) + TOKENS_AHEAD_SECONDS, issueFromOf(subject, known))
      mark(subject, notBefore)
      const revocation = { kind: 'subject', tag, notBefore } as const
      revocations.add(revocation, at)
      if (scope !== undefined)
        for (const [id, record] of subject.sessions) subject.sessions.set(id, { ...record, scope })
      return Promise.resolve({ kind: 'renewed', sessions: [...subject.sessions.keys()], revocation })
    },
    erase(tag) {
      return Promise.resolve({ kind: subjects.erase(tag) ? 'erased' : 'in_use' })
    },
    list({ tag, at, lifetimes, include }) {
      const subject = subjects.get(tag)
      if (subject !== undefined) dropExpired(subject, at, lifetimes)
      const { sessions, more } = sessionsToList([...(subject?.sessions.values() ?? [])], include)
      return Promise.resolve({ kind: 'listed', sessions: sessions.map(portSession), more })
    },
  }
}

function goOn(subject: Subject, next: SessionRecord, window: RefreshWindow): Session {
  subject.window = window
  subject.sessions.set(next.id, next)
  return portSession(next)
}

function mark(subject: Subject, notBefore: number): void {
  subject.notBefore = Math.max(subject.notBefore, notBefore)
}
