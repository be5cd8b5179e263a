// The smallest server on a framework, with the framework's own ways to report errors. It says when a connection closed.

import { createServer } from 'node:http'
import { memoryStore } from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'

const { FRAMEWORK = '', SECRET = '' } = process.env
const options = { secret: SECRET, store: memoryStore() }

/** @param {import('@sallyport/core').Sallyport} sallyport */
const faulty = (sallyport) =>
  gateOf(sallyport).route.open('/faulty', {
    GET() {
      throw new TypeError('a bug of the application')
    },
  })

/** @type {Record<string, () => Promise<import('node:http').Server>>} */
const servers = {
  async express() {
    const [{ createSallyport }, { default: express }] = await Promise.all([
      import('@sallyport/express'),
      import('express'),
    ])
    const sallyport = await createSallyport(options)
    const app = express()
    app.use('/auth', sallyport.router('token', 'refresh', 'logout', faulty(sallyport)))
    return createServer(app)
  },
  async koa() {
    const [{ createSallyport }, { default: Koa }] = await Promise.all([
      import('@sallyport/koa'),
      import('koa'),
    ])
    const sallyport = await createSallyport(options)
    const app = new Koa()
    app.use(sallyport.router('token', 'refresh', 'logout', faulty(sallyport), { prefix: '/auth' }))
    return createServer(app.callback())
  },
  async fastify() {
    const [{ createSallyport }, { default: fastify }] = await Promise.all([
      import('@sallyport/fastify'),
      import('fastify'),
    ])
    const sallyport = await createSallyport(options)
    const app = fastify({ logger: { level: 'error', stream: process.stderr } })
    app.register(sallyport.router('token', 'refresh', 'logout', faulty(sallyport)), { prefix: '/auth' })
    await app.ready()
    return app.server
  },
}

const server = await servers[FRAMEWORK]?.()
if (server === undefined) throw new RangeError('FRAMEWORK must be express, koa or fastify')
server.on('connection', (socket) => socket.on('close', () => console.log('closed')))
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  console.log(`listening on http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`)
})
process.once('SIGTERM', () => process.exit(0))
