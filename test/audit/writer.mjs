// A process that writes a trail, as the tests tell it to by lines on its standard input.

import { createInterface } from 'node:readline'
import { toFile } from '@sallyport/audit'

const [path = '', key = '', place = ''] = process.argv.slice(2)
const sink = toFile({ path, key, ...(place === 'shared' && { rotate: false }) })
// Beyond the limit of a file's size, a write then fails, as it does on a full disk.
process.on('SIGXFSZ', () => {})

/** @type {import('@sallyport/core').SallyportEvent[]} */
let waiting = []
let written = 0

/** @param {number} count */
async function write(count) {
  for (let index = 0; index < count; index++)
    waiting.push({
      ...{ time: new Date().toISOString(), event: 'session.started', request_id: `r${written++}` },
      ...{
        outcome: 'success',
        sub: 'alice',
        sid: 's',
        jti: 'j',
        client_id: 'web',
        user_agent: 'x'.repeat(200),
      },
    })
  try {
    await sink.write(waiting)
    waiting = []
    console.log('kept')
  } catch (cause) {
    console.log(`failed: ${cause instanceof Error ? cause.message : cause}`)
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const [command, count] = line.split(' ')
  if (command === 'write') await write(Number(count))
  else if (command === 'forever') for (;;) await write(Number(count))
  else break
}
await sink.close?.()
console.log('closed')
