// Fills a process's copy of the revocations, and prints what it takes: run with --expose-gc.
//
//   node --expose-gc test/faults/revocations-held.mjs 1000000

import { randomBytes } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { isSessionId, tagOfSession } from '../../packages/core/dist/ports/ids.js'
import { createReplica } from '../../packages/core/dist/revocation/replica.js'

const SHARDS = 16
const QUESTIONS = 1_000_000
const count = Number(process.argv[2])

async function heldBytes() {
  // Memory outside the heap is given back a moment after its owner is collected.
  for (let times = 0; times < 3; times++) {
    globalThis.gc?.()
    await setTimeout(20)
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** @param {string} id */
const shardOf = (id) =>
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.indexOf(id.charAt(0)) >> 2

const away = /** @type {const} */ ({ kind: 'unavailable' })
const replica = createReplica(
  {
    shards: SHARDS,
    shardOf: (revocation) => (revocation.kind === 'session' ? shardOf(revocation.session) : 0),
    shardOfSession: shardOf,
    shardOfTag: shardOf,
    shardOfName: () => 0,
    revoke: async () => away,
    revokeAll: async () => away,
    marks: async () => away,
    claim: async () => away,
    pull: async () => away,
    assert: async () => away,
    check: async () => away,
    onNews() {},
  },
  { mode: 'replicated', maxStalenessMs: 10_000, heartbeatMs: 1000 },
  { now: () => Date.now(), monotonic: () => performance.now() },
  {
    onRevoked() {},
    onForgotten() {},
    onTime() {},
    onAnnounced() {},
    storeTime: () => Date.now(),
    putBackOthers: async () => true,
  },
)
const ID_BYTES = 28
const DRAWN_AT_ONCE = 1000
let drawn = Buffer.alloc(0)

/** A session id of nobody; the bytes are drawn many at a time, since that is what takes time here. */
function fresh() {
  if (drawn.length === 0) drawn = randomBytes(ID_BYTES * DRAWN_AT_ONCE)
  const id = drawn.toString('base64url', 0, ID_BYTES)
  drawn = drawn.subarray(ID_BYTES)
  if (!isSessionId(id)) throw new Error('this is no session id')
  return id
}

/** @param {ReturnType<typeof fresh>} session */
const tokenOf = (session) => ({
  own: true,
  session,
  generation: 1,
  tag: tagOfSession(session),
  jti: 'ZP0Yk2Rz0qRkq0jz',
  kid: 'k1',
  issuedAt: Math.floor(Date.now() / 1000),
})

const before = await heldBytes()
const sample = []
for (let index = 0; index < count; index++) {
  const session = fresh()
  replica.add({ kind: 'session', session })
  if (index % 1000 === 0) sample.push(session)
}
const bytes = (await heldBytes()) - before

const tokens = [...sample, ...sample.map(fresh)].map(tokenOf)
const began = process.cpuUsage()
let revoked = 0
for (let index = 0; index < QUESTIONS; index++)
  if (replica.knowsRevoked(/** @type {ReturnType<typeof tokenOf>} */ (tokens[index % tokens.length])))
    revoked++
// Of this process, not of a machine that others use too.
const nanoseconds = (process.cpuUsage(began).user * 1000) / QUESTIONS

console.log(JSON.stringify({ bytes, nanoseconds, revokedShare: revoked / QUESTIONS }))
