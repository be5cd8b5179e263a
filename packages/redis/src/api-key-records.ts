import type { ApiKey, ApiKeyId, StoreContext, SubjectTag } from '@sallyport/core/store'
import { createMacs } from './macs.ts'
import { Unreadable } from './unreadable.ts'

/**
 * The records of API keys: when the key was created and when it ends (6 bytes each, for the scripts), a MAC, and the rest
 * as JSON. The MAC covers all of it, and whose key it is. So whoever can write to Redis can't make a key, nor give one
 * other rights or another owner.
 */
export interface ApiKeyRecords {
  /** The record under the current secret. */
  seal(tag: SubjectTag, key: ApiKey): Buffer
  /** Throws `Unreadable` if the MAC fits under no secret. */
  read(tag: SubjectTag, id: ApiKeyId, record: Buffer): { readonly key: ApiKey; readonly isCurrent: boolean }
}

/** Tells these MACs from all that might ever be made with the same keys. */
const LABEL = 'sallyport API key 1'
const INSTANT_BYTES = 6
const MAC_AT = 2 * INSTANT_BYTES
const MAC_BYTES = 16
const REST_AT = MAC_AT + MAC_BYTES
const RECORD = 'an API key (changed by others, or of another secret or issuer)'

/** What the record of a key has as JSON. */
interface Rest extends Pick<ApiKey, 'subject' | 'name' | 'scope'> {
  /** In base64url. */
  readonly digest: string
}

/** @param keys the current one first; it seals, and all of them unseal */
export function createApiKeyRecords(keys: StoreContext['integrityKeys']): ApiKeyRecords {
  const macs = createMacs(keys, MAC_BYTES)

  /** What the MAC is of. Every part but the last has a fixed length. */
  const messageOf = (tag: SubjectTag, id: ApiKeyId, times: Uint8Array, rest: Uint8Array): Buffer =>
    Buffer.concat([Buffer.from(LABEL + tag + id, 'latin1'), times, rest])

  return {
    seal(tag, { id, createdAt, expiresAt, digest, subject, name, scope }) {
      const times = Buffer.alloc(MAC_AT)
      times.writeUIntBE(createdAt, 0, INSTANT_BYTES)
      times.writeUIntBE(expiresAt, INSTANT_BYTES, INSTANT_BYTES)
      const packed: Rest = { subject, name, scope, digest: Buffer.from(digest).toString('base64url') }
      const rest = Buffer.from(JSON.stringify(packed))
      return Buffer.concat([times, macs.of(messageOf(tag, id, times, rest)), rest])
    },
    read(tag, id, record) {
      const [times, rest] = [record.subarray(0, MAC_AT), record.subarray(REST_AT)]
      const under = macs.under(messageOf(tag, id, times, rest), record.subarray(MAC_AT, REST_AT))
      if (under === 'none') throw new Unreadable(RECORD)
      // It stood behind a MAC, so it is what `seal` made.
      const { digest, ...named }: Rest = JSON.parse(rest.toString())
      const [createdAt, expiresAt] = [
        times.readUIntBE(0, INSTANT_BYTES),
        times.readUIntBE(INSTANT_BYTES, INSTANT_BYTES),
      ]
      const key = {
        id,
        ...named,
        createdAt,
        expiresAt,
        digest: new Uint8Array(Buffer.from(digest, 'base64url')),
      }
      return { key, isCurrent: under === 'current' }
    },
  }
}
