import type { BoundKey, Elevation, Grant } from '@sallyport/core/store'
import { Unreadable } from './unreadable.ts'

const SEPARATOR = '\0'
/** Goes before an array, to tell an empty one from none. */
const ARRAY = '\x1e'
const ARRAY_SEPARATOR = '\x1f'
/** What few sessions have, if it is no more than that they are transient. */
const TRANSIENT = 't'

/** What few sessions have. As JSON, in which there is no separator. `rotate.lua` reads the key in it. */
type Rare = Pick<Grant, 'transient' | 'elevation' | 'boundTo' | 'boundKey'>

/** A grant as it is stored, but for what the hash of the subject and the state of the session have already. */
type StoredGrant = Omit<Grant, 'subject' | 'transport'>

export type Writable<T> = { -readonly [Name in keyof T]: T[Name] }

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

/** Every refresh passes here. The object is not put together by spreading, which costs many times as much. */
export function unpackGrant(packed: Buffer): Writable<StoredGrant> {
  const [
    client = '',
    scope = '',
    authenticated = '',
    device = '',
    acr = '',
    amr = '',
    rare = '',
    idle,
    absolute,
  ] = packed.toString().split(SEPARATOR)
  const authenticatedAt = Number.parseInt(authenticated, 36)
  if (client === '' || !Number.isSafeInteger(authenticatedAt)) throw new Unreadable('the grant of a session')
  const grant: Writable<StoredGrant> = { client, scope, authenticatedAt, device }
  if (acr !== '') grant.acr = acr
  if (amr !== '') grant.amr = amr === ARRAY ? [] : amr.slice(ARRAY.length).split(ARRAY_SEPARATOR)
  if (rare !== '') Object.assign(grant, unpackRare(rare))
  if (idle !== undefined) grant.lifetimes = { idleMs: Number(idle), absoluteMs: Number(absolute) }
  return grant
}

/** A packed grant with another scope. */
export function withScope(packed: Buffer, scope: string): Buffer {
  return packGrant({ ...unpackGrant(packed), scope })
}

/** A packed grant with another elevation. */
export function withElevation(packed: Buffer, elevation: Elevation): Buffer {
  return packGrant({ ...unpackGrant(packed), elevation })
}

/** A packed grant with the key of the session's browser. */
export function withBoundKey(packed: Buffer, boundKey: BoundKey): Buffer {
  return packGrant({ ...unpackGrant(packed), boundKey })
}

function packRare({ transient, elevation, boundTo, boundKey }: Rare): string {
  if (elevation === undefined && boundTo === undefined && boundKey === undefined)
    return transient ? TRANSIENT : ''
  return JSON.stringify({ transient, elevation, boundTo, boundKey })
}

/** It stands behind a MAC, so it is what {@link packRare} made. */
function unpackRare(packed: string): Rare {
  return packed === TRANSIENT ? { transient: true } : JSON.parse(packed)
}
