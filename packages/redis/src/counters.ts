import type { CounterName, CounterStore } from '@sallyport/core/store'
import { arrayOf, bytesOf } from './replies.ts'
import type { SessionParts } from './session-parts.ts'

/** Counters in Redis, one key each, which expires with its window and its block. */
export function createRedisCounters({
  commands,
  layout,
  header,
}: Pick<SessionParts, 'commands' | 'layout' | 'header'>): CounterStore {
  const locate = (name: CounterName): { keys: string[]; shard: number } => {
    const shard = layout.shardOfName(name)
    return { keys: [layout.counter(name)], shard }
  }
  return {
    async attempt({ name, limit, at }) {
      const { keys, shard } = locate(name)
      const { most, windowMs, blockMs } = limit
      const answer = await commands.run('attempt', shard, keys, [header(shard, at), most, windowMs, blockMs])
      if (answer.kind === 'unavailable') return answer
      const [counted, first, last] = arrayOf(answer.value)
      return counted === 1
        ? { kind: 'counted', since: Number(bytesOf(first)), last: last === 1 }
        : { kind: 'blocked', retryAfterMs: Number(first) }
    },
    async takeBack({ name, limit, at, since }) {
      const { keys, shard } = locate(name)
      const answer = await commands.run('take-back', shard, keys, [header(shard, at), since, limit.most])
      return answer.kind === 'unavailable' ? answer : { kind: 'taken_back' }
    },
    async block({ name, forMs, at }) {
      const { keys, shard } = locate(name)
      const answer = await commands.run('block', shard, keys, [header(shard, at), forMs])
      return answer.kind === 'unavailable' ? answer : { kind: 'blocked' }
    },
    async forget({ name, since = '', at }) {
      const { keys, shard } = locate(name)
      const answer = await commands.run('forget', shard, keys, [header(shard, at), since])
      return answer.kind === 'unavailable' ? answer : { kind: 'forgotten', wasBlocked: answer.value === 1 }
    },
  }
}
