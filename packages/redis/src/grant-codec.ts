import type { Elevation, Grant } from '@sallyport/core/store'
import { Unreadable } from './unreadable.ts'

const SEPARATOR = '\0'
/** Goes before an array, to tell an empty one from none. */
const ARRAY = '\x1e'
const ARRAY_SEPARATOR = '\x1f'
/** What few sessions have, if it is no more than that they are transient. */
const TRANSIENT = 't'

/** What few sessions have. As JSON, in which there is no separator. */
type Rare = Pick<Grant, 'transient' | 'elevation' | 'boundTo'>
/** The part of a grant that holds it. */
const RARE_PART = 6

/** A grant as it is stored, but for what the hash of the subject and the state of the session have already. */
type StoredGrant = Omit<Grant, 'subject' | 'transport'>

/**
 * The grant of a session, without its subject: the hash of the subject has that once. Lifetimes of its own are its last
 * parts, where the scripts read them.
 */
export function packGrant(grant: StoredGrant): Buffer {
  const { client, scope, authenticatedAt, acr = '', amr, device, lifetimes } = grant
  const methods = amr === undefined ? '' : ARRAY + amr.join(ARRAY_SEPARATOR)
  const parts = [client, scope, authenticatedAt.toString(36), device]
  const rare = packRare(grant)
  const isLong = lifetimes !== undefined || rare !== ''
  if (isLong || acr !== '' || methods !== '') parts.push(acr, methods)
  if (isLong) parts.push(rare)
  if (lifetimes !== undefined) parts.push(String(lifetimes.idleMs), String(lifetimes.absoluteMs))
  return Buffer.from(parts.join(SEPARATOR))
}

export function unpackGrant(packed: Buffer): StoredGrant {
  const parts = packed.toString().split(SEPARATOR)
  const [client = '', scope = '', authenticated = '', device = '', acr = '', amr = ''] = parts
  const [rare = '', idle, absolute] = parts.slice(RARE_PART)
  const authenticatedAt = Number.parseInt(authenticated, 36)
  if (client === '' || !Number.isSafeInteger(authenticatedAt)) throw new Unreadable('the grant of a session')
  return {
    ...{ client, scope, authenticatedAt, device },
    ...(acr === '' ? {} : { acr }),
    ...(amr === '' ? {} : { amr: amr === ARRAY ? [] : amr.slice(ARRAY.length).split(ARRAY_SEPARATOR) }),
    ...unpackRare(rare),
    ...(idle === undefined ? {} : { lifetimes: { idleMs: Number(idle), absoluteMs: Number(absolute) } }),
  }
}

/** A packed grant with another scope. */
export function withScope(packed: Buffer, scope: string): Buffer {
  return packGrant({ ...unpackGrant(packed), scope })
}

/** A packed grant with another elevation. */
export function withElevation(packed: Buffer, elevation: Elevation): Buffer {
  return packGrant({ ...unpackGrant(packed), elevation })
}

function packRare({ transient, elevation, boundTo }: Rare): string {
  if (elevation === undefined && boundTo === undefined) return transient ? TRANSIENT : ''
  return JSON.stringify({ transient, elevation, boundTo })
}

/** It stands behind a MAC, so it is what {@link packRare} made. */
function unpackRare(packed: string): Rare {
  if (packed === '') return {}
  return packed === TRANSIENT ? { transient: true } : JSON.parse(packed)
}
