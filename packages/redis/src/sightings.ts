import type { Seen, SeenValue, Sighting, SightingStore } from '@sallyport/core/store'
import { arrayOf, bytesOf } from './replies.ts'
import type { SessionParts } from './session-parts.ts'

/** Sightings that are noted by one script. */
const SLICE = 100

/** Sightings in Redis: a string for each name, which expires with its window; and a hash for all names of a subject. */
export function createRedisSightings({
  commands,
  layout,
  header,
}: Pick<SessionParts, 'commands' | 'layout' | 'header'>): SightingStore {
  const shardOf = ({ name, tag }: Sighting): number =>
    tag === undefined ? layout.shardOfName(name) : layout.shardOfTag(tag)
  const keyOf = ({ name, tag }: Sighting): string =>
    tag === undefined ? layout.sightings(name) : layout.sightingsOf(tag)

  /** The indexes of sightings that one script notes: those of one shard, in slices. */
  function slicesOf(sightings: readonly Sighting[]): readonly (readonly number[])[] {
    const byShard = new Map<number, number[]>()
    for (const [index, sighting] of sightings.entries()) {
      const shard = shardOf(sighting)
      byShard.set(shard, [...(byShard.get(shard) ?? []), index])
    }
    return [...byShard.values()].flatMap((own) =>
      Array.from({ length: Math.ceil(own.length / SLICE) }, (_, nth) =>
        own.slice(nth * SLICE, (nth + 1) * SLICE),
      ),
    )
  }

  async function noteSlice(slice: readonly Sighting[], at: number): Promise<readonly Seen[] | undefined> {
    const [first] = slice
    const shard = first === undefined ? 0 : shardOf(first)
    const args = slice.flatMap(({ name, tag, value, windowMs, most, counts }) => [
      ...[tag === undefined ? '' : name, value, windowMs, most, counts === 'first' ? 1 : 0],
    ])
    const answer = await commands.run('note', shard, slice.map(keyOf), [header(shard, at), ...args])
    if (answer.kind === 'unavailable') return undefined
    const replies = arrayOf(answer.value)
    return slice.map((_, nth) => seenOf(bytesOf(replies[2 * nth]), bytesOf(replies[2 * nth + 1])))
  }

  return {
    async note(sightings, at) {
      const seen: (Seen | undefined)[] = sightings.map(() => undefined)
      await Promise.all(
        slicesOf(sightings).map(async (indexes) => {
          const own = indexes.flatMap((index) => sightings[index] ?? [])
          const noted = await noteSlice(own, at)
          for (const [nth, index] of indexes.entries()) seen[index] = noted?.[nth]
        }),
      )
      return { kind: 'noted', seen }
    },
    async read(name, windowMs, at) {
      const answer = await commands.call(layout.shardOfName(name), 'get', layout.sightings(name))
      if (answer.kind === 'unavailable') return answer
      const values = answer.value === null ? [] : valuesOf(bytesOf(answer.value))
      return { kind: 'read', values: values.filter((one) => one.at > at - windowMs) }
    },
  }
}

function seenOf(before: Buffer, packed: Buffer): Seen {
  const values = valuesOf(packed)
  return before.length === 0 ? { values } : { values, before: Number(before) }
}

/** What is damaged is left out. */
function valuesOf(packed: Buffer): readonly SeenValue[] {
  return [...packed.toString('latin1').matchAll(/(?<!\S)(\d{1,15}):([\x21-\x7e]{1,64})(?!\S)/g)].map(
    ([, at, value = '']) => ({ value, at: Number(at) }),
  )
}
