// A process that serves the poll endpoint of one receiver until it is killed. It writes its URL.
//
//   node test/signals/poll-node.mjs <url of Redis> <secret> <issuer> <reader>

import { createServer } from 'node:http'
import { createSallyport } from '@sallyport/express'
import { redisStore } from '@sallyport/redis'
import { createSignals } from '@sallyport/signals'
import express from 'express'

const [url = '', secret = '', issuer = '', reader = ''] = process.argv.slice(2)
const sallyport = await createSallyport({
  ...{ issuer, audience: 'api', secret, store: redisStore({ url }), outbox: {}, apiKeys: {} },
})
const receiver = { audience: 'https://r.example.com', reader, streams: {} }
const signals = await createSignals(sallyport, { send: { receivers: [receiver] } })
const app = express()
app.use('/auth', sallyport.router(...signals.transmitter))
const server = createServer(app).listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.stdout.write(`http://127.0.0.1:${Object(address).port}\n`)
})
