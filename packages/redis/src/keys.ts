import type { KeyRecord, KeyStore, SealedKey } from '@sallyport/core'
import type { Commands, Reply } from './commands.ts'
import { RING_SHARD } from './layout.ts'

/** The ring of sealed signing keys: one hash, `kid` to key, with its version beside. */
export function createRedisKeys(commands: Commands, ring: string): KeyStore {
  return {
    async read() {
      const answer = await commands.call(RING_SHARD, 'hgetall', ring)
      return answer.kind === 'unavailable' ? answer : { kind: 'read', ...recordOf(answer.value) }
    },
    async add(keys, ifVersion) {
      const args = [ifVersion ?? '', ...keys.flatMap(({ kid, sealed }) => [kid, sealed])]
      const answer = await commands.runDurably('add-keys', RING_SHARD, [ring], args)
      if (answer.kind === 'unavailable') return answer
      const [added, ...fields] = Array.isArray(answer.value) ? answer.value : []
      return { kind: added === 1 ? 'added' : 'changed', ring: recordOf(fields) }
    },
  }
}

function recordOf(reply: Reply): KeyRecord {
  const fields = fieldsOf(reply)
  const keys: SealedKey[] = []
  let version = 0
  for (const [name, value] of fields)
    if (name === '@') version = Number(value)
    else keys.push({ kid: name, sealed: value })
  return { version, keys }
}

/** Newer protocols give a map where older ones give names and values in turn. */
function fieldsOf(reply: Reply): readonly (readonly [string, string])[] {
  if (!Array.isArray(reply)) return Object.entries(reply ?? {}).map(([name, value]) => [name, String(value)])
  return reply.flatMap((name, at) => (at % 2 === 0 ? [[String(name), String(reply[at + 1])] as const] : []))
}
