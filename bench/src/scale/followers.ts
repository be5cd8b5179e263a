import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { ended, spawnAt } from '../machine.ts'
import type { FollowerFigures, FollowerTask, Instants, Question } from './follower.ts'

/** A process that follows the revocations. */
export interface Follower {
  readonly copies: number
  figures(): Promise<FollowerFigures>
  /** Forgets what it has seen so far. */
  reset(): Promise<void>
  /** Stops to watch its event loop. */
  rest(): Promise<void>
  /** Revokes tokens, and resolves to when. */
  revoke(perSecond: number, count: number): Promise<Instants>
  /** When the last copy in it learned of each token. */
  heard(): Promise<Instants>
  signal(name: 'SIGSTOP' | 'SIGCONT'): void
  stop(): Promise<void>
}

const secret = randomBytes(32).toString('base64url')
const program = fileURLToPath(new URL('follower.js', import.meta.url))

async function startFollower(redisUrl: string, copies = 1): Promise<Follower> {
  const task: FollowerTask = { redisUrl, secret, copies }
  const child = spawnAt('anywhere', process.execPath, ['--no-warnings', program, JSON.stringify(task)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, NODE_ENV: 'development' },
  })
  await once(child, 'message')
  async function ask<Answer>(question: Question): Promise<Answer> {
    child.send(question)
    const [answer] = (await once(child, 'message')) as [Answer]
    return answer
  }
  return {
    copies,
    figures: () => ask<FollowerFigures>({ ask: 'figures' }),
    reset: async () => void (await ask<string>({ ask: 'reset' })),
    rest: async () => void (await ask<string>({ ask: 'rest' })),
    revoke: (perSecond, count) => ask<Instants>({ ask: 'revoke', perSecond, count }),
    heard: () => ask<Instants>({ ask: 'heard' }),
    signal: (name) => void child.kill(name),
    async stop() {
      child.kill('SIGKILL')
      await ended(child)
    },
  }
}

/** Starts so many, of which no more than `processes` are processes of their own. */
export function startFollowers(redisUrl: string, count: number, processes: number): Promise<Follower[]> {
  const own = Math.min(count, processes)
  const each = Array.from({ length: own }, (_, index) => Math.floor((count + index) / own))
  return Promise.all(each.map((copies) => startFollower(redisUrl, copies)))
}
