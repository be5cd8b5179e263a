import { SHARDS } from '@sallyport/core/store'

/** Where a message lies. Its lane is the shard of its subject. */
export interface Place {
  readonly shard: number
  readonly position: number
}

const ID = /^([0-9a-f])\.([1-9]\d{0,14})$/

export function idOf({ shard, position }: Place): string {
  return `${shard.toString(16)}.${position}`
}

/** The place of a message by its id; `undefined` for what is no id, since receivers name messages too. */
export function placeOf(id: string): Place | undefined {
  const [, lane, position] = ID.exec(id) ?? []
  if (lane === undefined || position === undefined) return undefined
  const shard = Number.parseInt(lane, 16)
  return shard < SHARDS ? { shard, position: Number(position) } : undefined
}
