import type { Choices } from '../choices.ts'
import { importsOf } from './imports.ts'
import { COMMENTS, OWN_MODULES, START } from './server.ts'

export function fastifyServer(choices: Choices): string {
  const { origin } = choices
  const imports = importsOf(choices, [
    ...(origin === undefined ? [] : [{ from: '@fastify/cors', whole: 'cors' }]),
    { from: '@sallyport/fastify', names: ['createSallyport', 'getAuth'] },
    { from: 'fastify', whole: 'fastify' },
    ...OWN_MODULES,
  ])
  const cors =
    origin === undefined
      ? ''
      : `    ${COMMENTS.cors}
    const origin = options.origins.allowed ?? []
    await own.register(cors, { origin, credentials: true, exposedHeaders: ['Retry-After', 'WWW-Authenticate'] })

`
  return `${imports}
async function main() {
  const sallyport = await createSallyport(options)
  const app = fastify()

  ${COMMENTS.routes}
  app.register(sallyport.refreshRouter(), { prefix: '/auth' })
  app.register(sallyport.logoutRouter(), { prefix: '/auth' })
  app.register(sallyport.router('sessions'), { prefix: '/auth' })
  app.register(sallyport.router('well-known'))

  // Your own routes.
  app.register(async (own) => {
${cors}    ${COMMENTS.signIn}
    own.post('/auth/login', async (request, reply) => {
      const { username, password } = readCredentials(request.body)
      const user = await sallyport.guardSignIn(request, reply, username, () => findUser(username, password))
      if (user === undefined) return reply.code(401).send({ error: 'invalid_credentials' })
      return sallyport.signIn(request, reply, { subject: user.id, scope: user.scope })
    })

    ${COMMENTS.api}
    own.register(
      async (api) => {
        await api.register(sallyport.authMiddleware())
        api.get('/me', { onRequest: sallyport.requireScope('profile:read') }, async (request) => ({
          sub: getAuth(request).subject,
        }))
      },
      { prefix: '/api' },
    )
  })

  const port = Number(process.env.PORT ?? 3000)
  await app.listen({ port })
  console.log(\`listening on http://localhost:\${port}\`)

  ${COMMENTS.stop}
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.once(signal, () => {
      sallyport.endConnections()
      void app.close()
    })
}
${START}`
}
