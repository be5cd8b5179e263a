import type { JWK } from 'jose'
import type { Signer, VerificationKey } from '../ports/signer.ts'
import { publicJwk } from './jwk.ts'
import { localSigner } from './local-signer.ts'
import { type Schedule, scheduleAt } from './schedule.ts'
import type { ScheduledKey } from './seal.ts'

/** The keys of a ring at an instant, ready to be used. */
export interface RingSnapshot {
  readonly schedule: Schedule<ScheduledKey>
  readonly byKid: ReadonlyMap<string, VerificationKey>
  readonly jwks: readonly JWK[]
  readonly signer: Signer | undefined
  readonly from: number
}

export function snapshotOf(members: Iterable<ScheduledKey>, now: number): RingSnapshot {
  const schedule = scheduleAt(members, now)
  const here = schedule.keys.filter(({ state }) => state !== 'gone').map(({ key }) => key)
  const active = schedule.keys.find(({ state }) => state === 'active')?.key
  return {
    schedule,
    byKid: new Map(here.map((key) => [key.kid, key])),
    jwks: here.map(publicJwk),
    signer: active === undefined ? undefined : localSigner(active),
    from: now,
  }
}
