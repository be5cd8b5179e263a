import {
  type DeadLetter,
  isSessionId,
  type OutboxDraft,
  type OutboxMessage,
  SESSION_ENDED,
  type StoreContext,
  tagOf,
} from '@sallyport/core/store'
import type { Reply } from './commands.ts'
import { createMacs } from './macs.ts'

/**
 * What the outbox has of messages and dead letters: a MAC, then JSON. Whoever can write to Redis can tell of the end of a
 * session, as a script does, and of nothing else.
 */
export interface OutboxCodec {
  seal(draft: OutboxDraft, at: number): Buffer
  /** `undefined` for an entry that this store did not write. */
  read(id: string, fields: readonly Reply[]): OutboxMessage | undefined
  sealLetter(letter: DeadLetter): Buffer
  readLetter(packed: Reply): DeadLetter | undefined
}

const MESSAGE = 'sallyport outbox message 1'
const LETTER = 'sallyport outbox letter 1'
const MAC_BYTES = 16
const TAG_BYTES = 12
const NAME_BYTES = 28

/** @param keys the current one first; it seals, and all of them unseal */
export function createOutboxCodec(keys: StoreContext['integrityKeys']): OutboxCodec {
  const macs = createMacs(keys, MAC_BYTES)
  const labelled = (label: string, json: Uint8Array): Buffer => Buffer.concat([Buffer.from(label), json])

  function sealed(label: string, content: object): Buffer {
    const json = Buffer.from(JSON.stringify(content))
    return Buffer.concat([macs.of(labelled(label, json)), json])
  }

  function unsealed<T>(label: string, packed: Reply | undefined): T | undefined {
    if (!Buffer.isBuffer(packed)) return undefined
    const json = packed.subarray(MAC_BYTES)
    if (macs.under(labelled(label, json), packed.subarray(0, MAC_BYTES)) === 'none') return undefined
    // It stood behind a MAC, so it is what was sealed.
    return JSON.parse(json.toString())
  }

  return {
    seal: (draft, at) => sealed(MESSAGE, { ...draft, at }),
    read(id, fields) {
      const known = new Map<string, Reply>()
      for (let at = 0; at + 1 < fields.length; at += 2) known.set(String(fields[at]), fields[at + 1] ?? null)
      if (!known.has('p')) return endOf(id, known)
      const message = unsealed<Omit<OutboxMessage, 'id'>>(MESSAGE, known.get('p'))
      return message && { id, ...message }
    },
    sealLetter: (letter) => sealed(LETTER, letter),
    readLetter: (packed) => unsealed<DeadLetter>(LETTER, packed),
  }
}

/** The end of a session, as a script tells it. */
function endOf(id: string, fields: ReadonlyMap<string, Reply>): OutboxMessage | undefined {
  const [name, named, instant] = [fields.get('s'), fields.get('u'), fields.get('t')]
  if (!Buffer.isBuffer(name) || name.length !== NAME_BYTES || !Buffer.isBuffer(named)) return undefined
  if (!/^\d{1,15}$/.test(String(instant))) return undefined
  const encoded = name.toString('base64url')
  const tag = name.subarray(0, TAG_BYTES).toString('base64url')
  const subject = named.toString()
  // A session's id begins with the tag of its subject.
  if (!isSessionId(encoded) || (subject !== '' && tagOf(subject) !== tag)) return undefined
  return {
    ...{ id, kind: SESSION_ENDED, session: encoded, at: Number(String(instant)), body: '' },
    ...(subject === '' ? {} : { subject }),
  }
}
