import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { Session } from '@sallyport/core'
import {
  type BoundKey,
  type Confirmation,
  type DeviceBinding,
  type DriftRule,
  type Grant,
  type KnownMarks,
  type Lifetimes,
  type Opening,
  RETRY_KEY_BYTES,
  type RetryKey,
  type Rotation,
  type SessionId,
  type Store,
  type SubjectTag,
  sessionIdFrom,
  type TokenIdentity,
  tagOf,
} from '@sallyport/core/store'
import { expect } from 'vitest'

/** When the stories begin; the clock is the caller's, so it stands still unless a test turns it. */
export const START: number = Date.UTC(2026, 0, 1)
export const SECOND = 1000
export const HOUR: number = 3600 * SECOND
export const LIFETIMES: Lifetimes = { idleMs: HOUR, absoluteMs: 10 * HOUR }
/** What a process knows to which nobody has told anything. */
export const NOTHING: KnownMarks = { endedUntil: 0, refusedUntil: 0 }
export const GRACE = 10 * SECOND
/** The bits of the first three cells of a binding. */
export const CELL = { first: 1, second: 2, third: 4 } as const

export interface Subject {
  readonly name: string
  readonly tag: SubjectTag
}

/** A subject that nothing was heard of before. */
export function newSubject(): Subject {
  const name = randomUUID()
  return { name, tag: tagOf(name) }
}

export function newId(subject: Subject): SessionId {
  return sessionIdFrom(subject.tag, randomBytes(16).toString('base64url'))
}

/** A device of three traits, as it is bound under one of several secrets. */
export function bindingOf(traits: readonly number[], version = 120, secret = 'current'): DeviceBinding {
  const cell = (trait: number, index: number): Buffer =>
    createHash('sha256').update(`${secret} ${index} ${trait}`).digest().subarray(0, 4)
  return { cells: Buffer.concat(traits.map(cell)), version }
}

/** A rule of drift that only has these parts. */
export function ruleOf(parts: Partial<DriftRule>): DriftRule {
  return { enforced: 0, stepUp: 0, counted: 0, stepUpAt: 0, endAt: 0, ...parts }
}

export const DEVICE: DeviceBinding = bindingOf([1, 1, 1])

export function grantOf(subject: Subject, more: Partial<Grant> = {}): Grant {
  return {
    subject: subject.name,
    client: 'web',
    scope: 'profile:read profile:write',
    transport: 'cookie',
    authenticatedAt: START / SECOND,
    device: 'Firefox on Linux',
    ...more,
  }
}

export function opening(
  subject: Subject,
  more: Partial<Omit<Opening, 'grant'>> & { readonly grant?: Partial<Grant> } = {},
): Opening {
  const { grant, ...rest } = more
  return {
    id: newId(subject),
    tag: subject.tag,
    grant: grantOf(subject, grant),
    binding: DEVICE,
    at: START,
    lifetimes: LIFETIMES,
    sessionLimit: 0,
    known: NOTHING,
    keyed: false,
    ...rest,
  }
}

/**
 * A refresh as the default settings make it: a new attempt without an `Idempotency-Key`, the grace, the first two cells
 * enforced.
 */
export function rotation(session: Pick<Session, 'id'>, more: Partial<Rotation> = {}): Rotation {
  return {
    id: session.id,
    generation: 1,
    transport: 'cookie',
    bindings: [DEVICE],
    driftRule: ruleOf({ enforced: CELL.first | CELL.second }),
    at: START + SECOND,
    lifetimes: LIFETIMES,
    known: NOTHING,
    graceMs: GRACE,
    refreshLimit: { count: 0, windowMs: 0 },
    convergedLimit: 0,
    ...more,
  }
}

/** The setting with which a token is exchanged once, and again only with the key of that attempt. */
export const STRICT = { graceMs: 0 } as const

/** The key that a process makes for an attempt in the strict mode. */
export function madeKey(): RetryKey {
  return { bytes: randomBytes(RETRY_KEY_BYTES), sent: false }
}

/** The key that a client sent. */
export function sentKey(text: string): RetryKey {
  return { bytes: createHash('sha256').update(text).digest().subarray(0, RETRY_KEY_BYTES), sent: true }
}

/** The key of a browser with this name. */
export function boundKeyOf(name: string, boundAt = START): BoundKey {
  const part = (of: string): string => createHash('sha256').update(`${of} ${name}`).digest('base64url')
  const jwk = { kty: 'EC', crv: 'P-256', x: part('x'), y: part('y') }
  return { jkt: part('jkt'), alg: 'ES256', jwk, boundAt }
}

/** A token that has all names that a token can have. */
export type NamedToken = { readonly [Name in keyof TokenIdentity]: NonNullable<TokenIdentity[Name]> }

/** A token that no revocation concerns but those that the test names. */
export function tokenOf(tag: SubjectTag, more: Partial<NamedToken> = {}): NamedToken {
  return {
    own: true,
    session: randomUUID(),
    generation: 1,
    tag,
    jti: randomUUID(),
    kid: randomUUID(),
    issuedAt: START / SECOND,
    ...more,
  }
}

type Outcome = { readonly kind: string }

/** The outcome, which must be of that kind. */
export function ofKind<O extends Outcome, K extends O['kind']>(outcome: O, kind: K): Extract<O, { kind: K }> {
  expect(outcome).toMatchObject({ kind })
  return outcome as Extract<O, { kind: K }>
}

/** Opens a session that must come to be. */
export async function opened(store: Store, given: Opening): Promise<Session> {
  return ofKind(await store.sessions.open(given), 'opened').session
}

/** Rotates a session from its first generation on; it must go well. */
export async function rotated(store: Store, session: Session, times = 1): Promise<Session> {
  let latest = session
  for (let time = 0; time < times; time++)
    latest = ofKind(
      await store.sessions.rotate(rotation(latest, { generation: latest.generation })),
      'rotated',
    ).session
  return latest
}

/** Confirms, and waits until what is asked next comes after it: a store may keep scripts, and load them late. */
export async function confirmed(store: Store, confirmation: Confirmation): Promise<void> {
  store.sessions.confirm(confirmation)
  await store.ping()
  await store.ping()
}

/** Whether the tokens of a session are refused by whoever asks the store. */
export async function isRevoked(store: Store, session: string, tag: SubjectTag): Promise<boolean> {
  const token = tokenOf(tag, { session, issuedAt: Number.MAX_SAFE_INTEGER })
  return (await store.revocations.check(token)).kind === 'revoked'
}

/** The sessions of a subject that whoever follows the feed is told of. Checks the digest of the feed. */
export async function revokedSessions({ revocations }: Store, tag: SubjectTag): Promise<Set<string>> {
  const sessions = new Set<string>()
  const shard = revocations.shardOf({ kind: 'subject', tag, notBefore: 0 })
  let digest = 0n
  for (let position = 0; ; ) {
    const pulled = ofKind(await revocations.pull(shard, position), 'pulled')
    for (const revocation of pulled.revocations)
      if (revocation.kind === 'session' && revocation.session.startsWith(tag))
        sessions.add(revocation.session)
    position = pulled.position
    digest ^= pulled.digest
    if (pulled.more) continue
    expect(pulled.mark.digest).toBe(digest)
    return sessions
  }
}
