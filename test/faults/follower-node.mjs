// One process of a deployment that also tells of itself: how long its event loop stood still at most since the last
// look, and it signs out everybody if it is asked to.

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createSallyport, getAuth } from '@sallyport/fastify'
import { redisStore } from '@sallyport/redis'
import Fastify from 'fastify'

const { SECRET = '', REDIS_URL = '' } = process.env
const sallyport = await createSallyport({
  issuer: 'https://auth.example.com',
  audience: 'https://api.example.com',
  secret: SECRET,
  store: redisStore({ url: REDIS_URL }),
})
const delay = monitorEventLoopDelay({ resolution: 1 })
delay.enable()

const app = Fastify()
app.post('/auth/login', (request, reply) =>
  sallyport.signIn(request, reply, { subject: /** @type {{ sub: string }} */ (request.query).sub }),
)
app.register(sallyport.refreshRouter(), { prefix: '/auth' })
app.register(async (api) => {
  api.register(sallyport.authMiddleware())
  api.get('/api/me', async (request) => ({ sub: getAuth(request).subject }))
})
app.get('/test/stall', async () => {
  const longestStallMs = delay.max / 1e6
  delay.reset()
  return { longestStallMs }
})
app.post('/test/revoke-all', async () => {
  await sallyport.revokeAll({ reason: 'drill' })
  return {}
})

const url = await app.listen({ port: 0, host: '127.0.0.1' })
process.on('SIGTERM', async () => {
  await app.close()
  await sallyport.close()
})
console.log(`listening on ${url}`)
