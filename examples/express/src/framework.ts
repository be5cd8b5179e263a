import { createServer } from 'node:http'
import {
  type AppRoutes,
  type Environment,
  type Framework,
  faultAnswer,
  headers,
  TRANSFER,
  transfer,
  updateProfile,
} from '@sallyport/example-app'
import { createSallyport, type ExpressSallyport, getAuth } from '@sallyport/express'
import { jsonAnswer, read, send } from '@sallyport/express/adapter'
import { securityHeaders } from '@sallyport/headers/express'
import express, { type ErrorRequestHandler, type Express } from 'express'

export const framework: Framework<ExpressSallyport> = {
  createSallyport,
  async createServer(sallyport, routes, environment) {
    const app = createApp(environment, routes)

    app.use('/auth', sallyport.router(...routes.auth))
    app.use(sallyport.router(...routes.root))
    app.use('/operator', sallyport.router(...routes.operator))

    app.use('/api', sallyport.authMiddleware())
    app.get('/api/me', (req, res) => {
      const { subject, scopes, session } = getAuth(req)
      send(res, jsonAnswer(200, { sub: subject, scope: scopes.join(' '), sid: session }))
    })
    app.put('/api/profile', sallyport.requireScope('profile:write'), async (req, res) => {
      send(res, await updateProfile(read(req)))
    })
    app.post('/api/transfer', sallyport.requireFresh(TRANSFER), async (req, res) => {
      send(res, await transfer(read(req)))
    })
    app.get('/api/admin', sallyport.requireScope('admin'), (_req, res) => {
      send(res, jsonAnswer(200, { admin: true }))
    })

    const onFault: ErrorRequestHandler = (fault, _req, res, next) => {
      if (res.headersSent) next(fault)
      else send(res, faultAnswer(fault))
    }
    app.use(onFault)
    return createServer(app)
  },
}

function createApp({ trustProxy }: Environment, { front }: AppRoutes): Express {
  const app = express()
  app.set('case sensitive routing', true).set('strict routing', true).set('etag', false)
  app.set('query parser', false)
  if (trustProxy !== undefined) app.set('trust proxy', trustProxy)
  app.use(securityHeaders(headers))
  app.use((req, res, next) => {
    const answer = front(req.method, req.originalUrl)
    if (answer === undefined) next()
    else send(res, answer)
  })
  return app
}
