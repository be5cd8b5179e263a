import {
  type DeadLetter,
  type OutboxMessage,
  type OutboxReading,
  type OutboxStore,
  type StoreContext,
  tagOf,
} from '@sallyport/core/store'
import type { Reply } from './commands.ts'
import { RING_SHARD } from './layout.ts'
import { createOutboxCodec } from './outbox-codec.ts'
import { arrayOf, bytesOf } from './replies.ts'
import type { SessionParts } from './session-parts.ts'

export interface OutboxParts extends Omit<SessionParts, 'records'> {
  readonly integrityKeys: StoreContext['integrityKeys']
  readonly keptMs: number
  /** All shards are on one server. */
  readonly oneServer: boolean
}

/** What stands between the number of a lane and the id of an entry of its stream. */
const SEPARATOR = '.'
const FIRST = '0-0'
/** The form of ids of messages. Receivers that come and ask may name others. */
const ID = /^[0-9a-f]\.\d{1,15}-\d{1,15}$/
/** Settled by one script. */
const MOST_SETTLED = 500

/** An outbox in Redis: a stream for each shard, with a consumer group for each receiver. */
export function createRedisOutbox(parts: OutboxParts): OutboxStore {
  const { commands, layout, header, keptMs, oneServer } = parts
  const { shards } = layout
  const codec = createOutboxCodec(parts.integrityKeys)
  /** Those of which one script may use the keys. */
  const together = oneServer ? [shards] : shards.map((shard) => [shard])
  const idOf = (lane: number, entry: string): string => `${lane.toString(16)}${SEPARATOR}${entry}`
  const entryOf = (id: string): string => id.slice(id.indexOf(SEPARATOR) + 1)
  const laneOf = (id: string): number => Number.parseInt(id.slice(0, id.indexOf(SEPARATOR)), 16)

  function reading(lane: number, reply: Reply): OutboxReading {
    const [more, ...entries] = arrayOf(reply)
    const messages: OutboxMessage[] = []
    const damaged: string[] = []
    let last: string | undefined
    for (const entry of entries) {
      const [name, fields] = arrayOf(entry)
      last = idOf(lane, bytesOf(name).toString('latin1'))
      const message = codec.read(last, arrayOf(fields ?? null))
      if (message === undefined) damaged.push(last)
      else messages.push(message)
    }
    return {
      ...{ kind: 'read', messages, damaged, more: more === 1 },
      ...(last === undefined ? {} : { last }),
    }
  }

  /** Settles messages of one lane, and gives the ids of the dead letters that were not kept; `undefined`: unavailable. */
  async function settleLane(
    lane: number,
    receiver: string,
    ids: readonly string[],
    dead: readonly DeadLetter[],
    receivers: readonly string[],
  ): Promise<readonly string[] | undefined> {
    const leftOut: string[] = []
    for (let from = 0; from < ids.length; from += MOST_SETTLED) {
      const slice = ids.slice(from, from + MOST_SETTLED)
      const letters = dead.slice(from, from + MOST_SETTLED)
      const answer = await commands.run(
        'outbox-settle',
        lane,
        [layout.outbox(lane), layout.deadLetters(lane), layout.forgotten(lane)],
        [
          ...[receiver, slice.length, letters.length, receivers.length, keptMs],
          ...slice.map(entryOf),
          ...letters.map(codec.sealLetter),
          ...letters.flatMap(({ subject, at }) => [subject === undefined ? '' : tagOf(subject), at]),
          ...receivers,
        ],
      )
      if (answer.kind === 'unavailable') return undefined
      for (const place of arrayOf(answer.value)) leftOut.push(letters[Number(place) - 1]?.id ?? '')
    }
    return leftOut
  }

  return {
    async enroll(receiver) {
      const answers = await Promise.all(
        together.map((some) =>
          commands.run('outbox-enroll', some[0] ?? RING_SHARD, some.map(layout.outbox), [receiver]),
        ),
      )
      return { kind: answers.every(({ kind }) => kind === 'answered') ? 'enrolled' : 'unavailable' }
    },
    async dismiss(receiver) {
      const answers = await Promise.all(
        together.map((some) =>
          commands.run('outbox-dismiss', some[0] ?? RING_SHARD, some.map(layout.outbox), [receiver]),
        ),
      )
      return { kind: answers.every(({ kind }) => kind === 'answered') ? 'dismissed' : 'unavailable' }
    },
    async append(draft, at) {
      const shard = layout.shardOfTag(tagOf(draft.subject))
      const message = codec.seal(draft, at)
      const answer = await commands.runDurably(
        'outbox-append',
        shard,
        [layout.outbox(shard)],
        [header(shard, at), message],
      )
      return answer.kind === 'unavailable' ? answer : { kind: 'appended' }
    },
    async heads() {
      const heads = new Map<number, string>()
      const answers = await Promise.all(
        together.map((some) =>
          commands.run('outbox-heads', some[0] ?? RING_SHARD, some.map(layout.outbox), []),
        ),
      )
      for (const [index, answer] of answers.entries()) {
        if (answer.kind === 'unavailable') return answer
        for (const [at, id] of arrayOf(answer.value).entries()) {
          const lane = together[index]?.[at]
          const entry = bytesOf(id).toString('latin1')
          if (lane !== undefined && entry !== '') heads.set(lane, idOf(lane, entry))
        }
      }
      return { kind: 'heads', heads }
    },
    async read({ receiver, lane, after, most }) {
      const from = after === undefined ? FIRST : entryOf(after)
      const args = [receiver, from, most, keptMs]
      const answer = await commands.run('outbox-read', lane, [layout.outbox(lane)], args)
      return answer.kind === 'unavailable' ? answer : reading(lane, answer.value)
    },
    async settle({ receiver, settled, dead, receivers }) {
      const ids = [...settled, ...dead.map(({ id }) => id)].filter((id) => ID.test(id))
      const lanes = [...new Set(ids.map(laneOf))].filter((lane) => shards.includes(lane))
      const done = await Promise.all(
        lanes.map((lane) => {
          const isOfLane = (id: string): boolean => laneOf(id) === lane
          const letters = dead.filter(({ id }) => ID.test(id) && isOfLane(id))
          return settleLane(lane, receiver, ids.filter(isOfLane), letters, receivers)
        }),
      )
      const forgotten: string[] = []
      for (const leftOut of done) {
        if (leftOut === undefined) return { kind: 'unavailable' }
        forgotten.push(...leftOut)
      }
      return { kind: 'settled', forgotten }
    },
    async deadLetters() {
      const letters: DeadLetter[] = []
      const answers = await Promise.all(
        shards.map((shard) => commands.call(shard, 'lrange', layout.deadLetters(shard), '0', '-1')),
      )
      for (const answer of answers) {
        if (answer.kind === 'unavailable') return answer
        letters.push(...arrayOf(answer.value).flatMap((packed) => codec.readLetter(packed) ?? []))
      }
      return { kind: 'read', letters: letters.sort((one, two) => two.diedAt - one.diedAt) }
    },
    async forget(subject, at) {
      const tag = tagOf(subject)
      const shard = layout.shardOfTag(tag)
      const keys = [layout.deadLetters(shard), layout.forgotten(shard)]
      const answer = await commands.runDurably('outbox-forget', shard, keys, [
        ...[header(shard, at), subject, tag, keptMs],
      ])
      return answer.kind === 'unavailable' ? answer : { kind: 'forgotten' }
    },
    async claim(holder, forMs) {
      const answer = await commands.run('claim', RING_SHARD, [layout.outboxLease], [holder, forMs])
      if (answer.kind === 'unavailable') return answer
      return { kind: answer.value === 1 ? 'claimed' : 'taken' }
    },
    async release(holder) {
      const answer = await commands.run('outbox-release', RING_SHARD, [layout.outboxLease], [holder])
      return answer.kind === 'unavailable' ? answer : { kind: 'released' }
    },
  }
}
