import type { JWK } from 'jose'
import type { Signer, VerificationKey } from '../ports/signer.ts'
import { publicJwk } from './jwk/jwk.ts'
import { localSigner } from './local-signer.ts'
import { type Schedule, scheduleAt } from './schedule.ts'
import type { ScheduledKey } from './seal.ts'

/** The keys of a ring at an instant, prepared for use. It is valid until a state of its schedule changes. */
export interface RingSnapshot {
  readonly schedule: Schedule<ScheduledKey>
  readonly byKid: ReadonlyMap<string, VerificationKey>
  readonly jwks: readonly JWK[]
  /** `undefined` if no key is active. */
  readonly signer: Signer | undefined
  /** When the snapshot was taken. Milliseconds since the epoch. */
  readonly takenAt: number
}

export function snapshotOf(members: Iterable<ScheduledKey>, now: number): RingSnapshot {
  const schedule = scheduleAt(members, now)
  const usable = schedule.keys.filter(({ state }) => state !== 'gone').map(({ key }) => key)
  const active = schedule.keys.find(({ state }) => state === 'active')?.key
  return {
    schedule,
    byKid: new Map(usable.map((key) => [key.kid, key])),
    jwks: usable.map(publicJwk),
    signer: active === undefined ? undefined : localSigner(active),
    takenAt: now,
  }
}
