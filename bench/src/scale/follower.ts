// A process that follows the revocations with one or more copies of the library, and tells what it sees.

import { type EventLoopUtilization, monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { createSallyport } from '@sallyport/core'
import { redisStore } from '@sallyport/redis'

export interface FollowerTask {
  readonly redisUrl: string
  readonly secret: string
  /** How many copies of the library this process runs, each with connections of its own. */
  readonly copies: number
}

/** What a follower is asked to do. */
export type Question =
  | { readonly ask: 'figures' }
  | { readonly ask: 'reset' | 'rest' }
  /** Revokes tokens at an even pace. */
  | { readonly ask: 'revoke'; readonly perSecond: number; readonly count: number }
  /** When each token became known, in every copy. */
  | { readonly ask: 'heard' }

export interface FollowerFigures {
  readonly startMs: number
  readonly cpuMs: number
  readonly longestStallMs: number
  readonly rssBytes: number
  readonly utilization: EventLoopUtilization
}

/** Milliseconds since the epoch, by token. */
export type Instants = Readonly<Record<string, number>>

const { redisUrl, secret, copies } = JSON.parse(process.argv[2] ?? '{}') as FollowerTask

const delay = monitorEventLoopDelay({ resolution: 1 })
delay.enable()
await sleep(50)
delay.reset()
const began = performance.now()
const running = await Promise.all(
  Array.from({ length: copies }, () => createSallyport({ secret, store: redisStore({ url: redisUrl }) })),
)
const startMs = performance.now() - began
let revoked = 0
const heard = new Map<string, { last: number; copies: number }>()
for (const { on } of running)
  on('revoked', (revocation) => {
    if (revocation.kind !== 'token') return
    const known = heard.get(revocation.jti)
    heard.set(revocation.jti, { last: instant(), copies: (known?.copies ?? 0) + 1 })
  })

process.on('message', (question: Question) => void answer(question))
process.on('disconnect', () => process.exit())
process.send?.('ready')

async function answer(question: Question): Promise<void> {
  switch (question.ask) {
    case 'figures': {
      const { user, system } = process.cpuUsage()
      const figures: FollowerFigures = {
        startMs,
        cpuMs: (user + system) / 1000,
        longestStallMs: delay.max / 1e6,
        rssBytes: process.memoryUsage().rss,
        utilization: performance.eventLoopUtilization(),
      }
      return void process.send?.(figures)
    }
    case 'reset':
      delay.reset()
      heard.clear()
      return void process.send?.('reset')
    case 'rest':
      // Looking at the event loop a thousand times a second costs more than everything else that an idle process does.
      delay.disable()
      return void process.send?.('rest')
    case 'revoke':
      return void process.send?.(await revoke(question.perSecond, question.count))
    case 'heard': {
      const complete = [...heard].filter(([, { copies: some }]) => some === copies)
      return void process.send?.(Object.fromEntries(complete.map(([jti, { last }]) => [jti, last])))
    }
  }
}

/** Resolves to when each token was revoked: the instant before the call. */
async function revoke(perSecond: number, count: number): Promise<Instants> {
  const instants: Record<string, number> = {}
  const [first] = running
  const start = performance.now()
  const calls: Promise<unknown>[] = []
  for (let index = 0; index < count; index++) {
    await sleep(Math.max(0, start + (index * 1000) / perSecond - performance.now()))
    const jti = `bench-${process.pid}-${revoked++}`
    instants[jti] = instant()
    if (first !== undefined) calls.push(first.tokens.revoke(jti))
  }
  await Promise.all(calls)
  return instants
}

function instant(): number {
  return performance.timeOrigin + performance.now()
}
