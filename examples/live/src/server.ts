// An event stream that ends as soon as its session is revoked, on any server that shares the store.
//
//   PORT=3000 node examples/live/dist/server.js
//   TOKEN=$(curl -sX POST localhost:3000/login | …access_token)
//   curl -N -H "Authorization: Bearer $TOKEN" localhost:3000/events &
//   curl -X POST -H "Authorization: Bearer $TOKEN" localhost:3000/auth/logout-all

import type { AddressInfo } from 'node:net'
import { createSallyport, getAuth } from '@sallyport/express'
import { securityHeaders } from '@sallyport/headers/express'
import { redisStore } from '@sallyport/redis'
import express from 'express'

const { REDIS_URL: url, SECRET: secret, PORT = '3000' } = process.env
const { authMiddleware, router, signIn, endOnRevocation } = await createSallyport({
  secret,
  store: url === undefined ? undefined : redisStore({ url }),
})

const app = express()
app.use(securityHeaders())
app.use(router('well-known'))
app.use('/auth', router('refresh', 'logout'))
app.post('/login', (req, res) => signIn(req, res, { subject: 'somebody' }))
app.get('/events', authMiddleware(), (req, res) => {
  res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
  res.write('data: hello\n\n')
  const beat = setInterval(() => res.write(`data: ${new Date().toISOString()}\n\n`), 1000)

  const forget = endOnRevocation(getAuth(req), () => res.end('event: revoked\ndata:\n\n'))
  res.on('close', () => {
    clearInterval(beat)
    forget()
  })
})

const server = app.listen(Number(PORT), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
