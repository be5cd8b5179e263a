// One node of a deployment whose keys rotate: its clock may run faster than the world's, from a common instant on.

import { createSallyport, getAuth } from '@sallyport/fastify'
import { redisStore } from '@sallyport/redis'
import Fastify from 'fastify'

const { SECRET = '', REDIS_URL = '', SPEED = '1', CLOCK_FROM = '0' } = process.env
const from = Number(CLOCK_FROM)
const clock = {
  now: () => Math.floor(from + (Date.now() - from) * Number(SPEED)),
  monotonic: () => performance.now(),
}

const sallyport = await createSallyport({
  issuer: 'https://auth.example.com',
  audience: 'https://api.example.com',
  secret: SECRET,
  store: redisStore({ url: REDIS_URL, time: 'caller' }),
  access: { algorithm: 'ES256', rotationSeconds: 3600 },
  clock,
})
/** @type {unknown[]} */
const events = []
sallyport.on('event', (event) => events.push(event))

const app = Fastify()
let users = 0
app.post('/auth/login', (request, reply) =>
  sallyport.signIn(request, reply, { subject: `user-${process.pid}-${users++}` }),
)
app.register(sallyport.refreshRouter(), { prefix: '/auth' })
app.register(sallyport.router('well-known'))
app.register(async (api) => {
  api.register(sallyport.authMiddleware())
  api.get('/api/me', async (request) => ({ sub: getAuth(request).subject, kid: getAuth(request).kid }))
})
app.get('/test/published', async () => {
  const now = clock.now()
  const reply = await app.inject('/.well-known/jwks.json')
  return { now, kids: JSON.parse(reply.body).keys.map((/** @type {{ kid: string }} */ { kid }) => kid) }
})
app.get('/test/events', async () => events)
app.post('/test/rotate', async () => {
  const now = clock.now()
  return { now, ...(await sallyport.keys.rotate()) }
})
app.post('/test/compromise/:kid', async (request) => {
  await sallyport.keys.compromise(/** @type {{ kid: string }} */ (request.params).kid)
  return {}
})

const url = await app.listen({ port: 0, host: '127.0.0.1' })
process.on('SIGTERM', async () => {
  await app.close()
  await sallyport.close()
})
console.log(`listening on ${url}`)
