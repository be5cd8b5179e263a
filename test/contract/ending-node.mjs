// A process that ends all sessions of a subject until it is killed.
//
//   node test/contract/ending-node.mjs <url of Redis> <tag of the subject>

import { randomBytes } from 'node:crypto'
import { redisStore } from '@sallyport/redis'

const [url = '', tag] = process.argv.slice(2)
const store = await redisStore({ url, commandTimeoutMs: 10_000 }).open({
  ...{ notice() {}, random: randomBytes, production: false, integrityKeys: [Buffer.alloc(32, 1)] },
  outbox: { keptMs: 3_600_000 },
})
const lifetimes = { idleMs: 3_600_000, absoluteMs: 36_000_000 }
await store.sessions.endSubject({ tag: /** @type {any} */ (tag), at: Date.now(), lifetimes })
