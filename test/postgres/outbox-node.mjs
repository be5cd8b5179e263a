// A process that works on the outbox until it is killed. It writes a line for whatever it has done.
//
//   node test/postgres/outbox-node.mjs <url of the database> end <tag of a subject> ...   ends all sessions of each subject
//   node test/postgres/outbox-node.mjs <url of the database> send <number>   sends so many messages, and hangs in the next

import { randomBytes } from 'node:crypto'
import { createSallyport } from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import { postgresStore } from '@sallyport/postgres'

const [url = '', role, ...rest] = process.argv.slice(2)
const driver = postgresStore({ url, commandTimeoutMs: 10_000 })
const lifetimes = { idleMs: 3_600_000, absoluteMs: 3_600_000 }

if (role === 'end') {
  const store = await driver.open({
    ...{ notice() {}, random: randomBytes, production: false, integrityKeys: [Buffer.alloc(32, 1)] },
    outbox: { keptMs: 3_600_000 },
  })
  process.stdout.write('ready\n')
  /** @param {string} tag */
  const end = async (tag) => {
    await store.sessions.endSubject({ tag: /** @type {any} */ (tag), at: Date.now(), lifetimes })
    process.stdout.write(`${tag}\n`)
  }
  for (let at = 0; at < rest.length; at += 8) await Promise.all(rest.slice(at, at + 8).map(end))
} else {
  const sallyport = await createSallyport({
    secret: 'a secret of the test, with its 32 bytes',
    store: driver,
    outbox: {},
  })
  let left = Number(rest[0])
  gateOf(sallyport).outbox.push({
    name: 'receiver',
    kinds: new Set(['change']),
    async deliver({ subject, body }) {
      if (left === 0) await new Promise(() => {})
      left--
      process.stdout.write(`${subject} ${body}\n`)
      return { kind: 'delivered' }
    },
  })
  process.stdout.write('ready\n')
}
