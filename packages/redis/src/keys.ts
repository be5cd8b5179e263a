import type { KeyRecord, KeyStore, RingEntry } from '@sallyport/core/store'
import type { Commands, Reply } from './commands.ts'
import { type Layout, RING_SHARD } from './layout.ts'
import type { News } from './news.ts'

/** What is announced on the channel when the ring changed; a shard's number when something was revoked. */
const RING_NEWS = 'ring'
/** Stands before the instant at which a key was compromised; no compact JWE begins with it. */
const COMPROMISED = '!'

/** The ring of sealed signing keys: one hash, `kid` to key, with its version beside. */
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
      news.on((what) => {
        if (what === RING_NEWS) listener()
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
    ? { kid, compromisedAt: Number(text.slice(COMPROMISED.length)) }
    : { kid, sealed: text }
}

function recordOf(reply: Reply): KeyRecord {
  const entries: RingEntry[] = []
  let version = 0
  for (const [name, value] of fieldsOf(reply))
    if (name === '@') version = Number(value)
    else entries.push(decode(name, value))
  return { version, entries }
}

/** Newer protocols give a map where older ones give names and values in turn. */
function fieldsOf(reply: Reply): readonly (readonly [string, string])[] {
  if (!Array.isArray(reply)) return Object.entries(reply ?? {}).map(([name, value]) => [name, String(value)])
  return reply.flatMap((name, at) => (at % 2 === 0 ? [[String(name), String(reply[at + 1])] as const] : []))
}
