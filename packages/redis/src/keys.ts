import type { KeyRecord, KeyStore, RingEntry } from '@sallyport/core/store'
import type { Commands, Reply } from './commands.ts'
import { type Layout, RING_SHARD } from './layout.ts'
import type { News } from './news.ts'
import { Unreadable } from './unreadable.ts'

/** What is published when the ring of keys changes. */
const RING_NEWS = 'ring'
/** Goes before the time at which a key was compromised. No sealed key (a compact JWE) begins with it. */
const COMPROMISED = '!'

/** The ring of signing keys in one hash: each `kid` with its sealed key, and `@` with the version of the ring. */
export function createRedisKeys(
  commands: Commands,
  { ring, channel }: Pick<Layout, 'ring' | 'channel'>,
  news: News,
): KeyStore {
  return {
    async read() {
      const answer = await commands.call(RING_SHARD, 'hgetall', ring)
      return answer.kind === 'unavailable' ? answer : { kind: 'read', ...recordOf(answer.value) }
    },
    async swap(entries, ifVersion) {
      const args = [ifVersion, channel, RING_NEWS, ...entries.flatMap((entry) => [entry.kid, encode(entry)])]
      const answer = await commands.runDurably('swap-keys', RING_SHARD, [ring], args)
      if (answer.kind === 'unavailable') return answer
      const [swapped, ...fields] = Array.isArray(answer.value) ? answer.value : []
      return { kind: swapped === 1 ? 'swapped' : 'changed', ring: recordOf(fields) }
    },
    onChange(listener) {
      news.on((message) => {
        if (message.toString() === RING_NEWS) listener()
      })
      news.onGap(listener)
    },
  }
}

function encode(entry: RingEntry): string {
  return 'compromisedAt' in entry ? `${COMPROMISED}${entry.compromisedAt}` : entry.sealed
}

function decode(kid: string, text: string): RingEntry {
  return text.startsWith(COMPROMISED)
    ? // It stays out of use, even if nobody can read any more since when.
      { kid, compromisedAt: Number(text.slice(COMPROMISED.length)) || 0 }
    : { kid, sealed: text }
}

function recordOf(reply: Reply): KeyRecord {
  const entries: RingEntry[] = []
  let version = 0
  for (const [name, value] of fieldsOf(reply))
    if (name === '@') version = Number(value)
    else entries.push(decode(name, value))
  if (!Number.isSafeInteger(version)) throw new Unreadable('the version of the signing keys')
  return { version, entries }
}

/** RESP3 gives a map, RESP2 names and values in turn. */
function fieldsOf(reply: Reply): readonly (readonly [string, string])[] {
  if (!Array.isArray(reply)) return Object.entries(reply ?? {}).map(([name, value]) => [name, String(value)])
  return reply.flatMap((name, at) => (at % 2 === 0 ? [[String(name), String(reply[at + 1])] as const] : []))
}
