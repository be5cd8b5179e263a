import type { OnceStore } from '@sallyport/core/store'
import type { SessionParts } from './session-parts.ts'

/** Names in Redis: a string each, which expires. One command marks a name, so no process can come in between. */
export function createRedisOnce({ commands, layout }: Pick<SessionParts, 'commands' | 'layout'>): OnceStore {
  return {
    async look({ name }) {
      const answer = await commands.call(layout.shardOfName(name), 'exists', layout.once(name))
      if (answer.kind === 'unavailable') return answer
      return { kind: answer.value === 0 ? 'unseen' : 'seen' }
    },
    async mark({ name, keptMs }) {
      const expiry = ['PX', String(Math.max(1, Math.ceil(keptMs)))]
      const key = layout.once(name)
      const answer = await commands.call(layout.shardOfName(name), 'set', key, '', ...expiry, 'NX')
      if (answer.kind === 'unavailable') return answer
      return { kind: answer.value === null ? 'seen' : 'first' }
    },
  }
}
