// What sessions cost in Redis, and cached tokens in the process; sends MemoryFigures to its parent.

import { setTimeout as sleep } from 'node:timers/promises'
import { createSallyport } from '@sallyport/core'
import { type Answer, type Gate, gateOf, type Verify } from '@sallyport/core/adapter'
import { Redis } from 'ioredis'
import { ourOptions } from './contenders/ours.ts'
import { usedMemory } from './redis.ts'
import { SCOPE } from './setup.ts'
import { type BenchKey, claimsOf, createKey, signToken, subjectOf } from './tokens.ts'
import { viewOf } from './view.ts'

export interface MemoryTask {
  readonly redisUrl: string
  readonly users: number
  /** How many of the users refresh once. */
  readonly rotations: number
  readonly cachedTokens: readonly number[]
}

export interface MemoryFigures {
  readonly users: number
  readonly rotations: number
  /** Bytes of Redis per user with one session. */
  readonly perUser: number
  readonly perUserRotated: number
  readonly perCachedToken: readonly { readonly tokens: number; readonly bytes: number }[]
}

const AT_ONCE = 200
/** What is still under way, as the note that a generation was seen, comes to rest. */
const REST_MS = 1500

const task = JSON.parse(process.argv[2] ?? '') as MemoryTask
const key = await createKey('ES256')
const sessions = await measureSessions()
const perCachedToken: { tokens: number; bytes: number }[] = []
for (const tokens of task.cachedTokens) perCachedToken.push({ tokens, bytes: await bytesPerToken(tokens) })
const figures: MemoryFigures = { ...sessions, perCachedToken }
process.send?.(figures, () => process.exit())

async function open({ algorithm, privateJwk }: BenchKey): Promise<{ gate: Gate; close(): Promise<void> }> {
  const sallyport = await createSallyport(ourOptions({ algorithm, privateJwk, redisUrl: task.redisUrl }))
  return { gate: gateOf(sallyport), close: sallyport.close }
}

async function measureSessions(): Promise<Omit<MemoryFigures, 'perCachedToken'>> {
  const { users, rotations } = task
  const redis = new Redis(task.redisUrl)
  const { gate, close } = await open(key)
  const refresh = gate.routes(['refresh']).find(({ path }) => path === '/refresh')
  if (refresh === undefined) throw new Error('there is no route /refresh')

  // One sign-in first, so that scripts and feeds are there before the empty base is read.
  await signIn(gate, users)
  await sleep(REST_MS)
  const empty = await usedMemory(redis)
  const cookies: string[] = []
  for (let from = 0; from < users; from += AT_ONCE) {
    const batch = Array.from({ length: Math.min(AT_ONCE, users - from) }, (_, index) => from + index)
    const fresh = await Promise.all(batch.map((index) => signIn(gate, index)))
    if (cookies.length < rotations) cookies.push(...fresh.slice(0, rotations - cookies.length))
  }
  await sleep(REST_MS)
  const signedIn = await usedMemory(redis)
  for (let from = 0; from < cookies.length; from += AT_ONCE) {
    const batch = cookies.slice(from, from + AT_ONCE)
    const answers = await Promise.all(batch.map((cookie) => refresh.handle(viewOf('POST', 'cookie', cookie))))
    for (const answer of answers) cookieOf(answer)
  }
  await sleep(REST_MS)
  const rotated = await usedMemory(redis)
  await close()
  redis.disconnect()
  return { users, rotations, perUser: (signedIn - empty) / users, perUserRotated: (rotated - empty) / users }
}

async function signIn(gate: Gate, index: number): Promise<string> {
  const view = viewOf('POST', 'content-type', 'application/json')
  return cookieOf(await gate.signIn(view, { subject: subjectOf(index), scope: [SCOPE] }))
}

function cookieOf({ status, cookies: [cookie] }: Answer): string {
  const pair = cookie?.split(';')[0]
  if (status !== 200 || pair === undefined) throw new Error(`answered ${status} without a cookie`)
  return pair
}

/** The tokens themselves wait outside of the heap, as bytes, and are cut from there as a parser would. */
async function bytesPerToken(count: number): Promise<number> {
  const headers = Array.from({ length: count }, (_, index) =>
    Buffer.from(`Bearer ${signToken(key, claimsOf(subjectOf(index)))}`),
  )
  const { gate, close } = await open(key)
  const verify = gate.verifier()
  await admit(verify, headers.slice(0, 1))
  const before = await heldBytes()
  await admit(verify, headers)
  const after = await heldBytes()
  await close()
  return (after - before) / count
}

async function admit(verify: Verify, headers: readonly Buffer[]): Promise<void> {
  for (const header of headers) {
    const { kind } = await verify(viewOf('GET', 'authorization', header.toString('latin1')))
    if (kind !== 'allow') throw new Error('a token was refused')
  }
}

async function heldBytes(): Promise<number> {
  await sleep(REST_MS)
  // Twice: what is found dead in the first is given back in the second.
  for (let pass = 0; pass < 2; pass++) globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
