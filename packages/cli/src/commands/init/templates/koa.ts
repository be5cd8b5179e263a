import type { Choices } from '../choices.ts'
import { importsOf } from './imports.ts'
import { COMMENTS, OWN_MODULES, START } from './server.ts'

export function koaServer(choices: Choices): string {
  const { origin } = choices
  const imports = importsOf(choices, [
    { from: '@koa/bodyparser', names: ['bodyParser'] },
    ...(origin === undefined ? [] : [{ from: '@koa/cors', whole: 'cors' }]),
    { from: '@koa/router', whole: 'Router' },
    { from: '@sallyport/koa', names: ['createSallyport', 'getAuth'] },
    { from: 'koa', whole: 'Koa' },
    ...OWN_MODULES,
  ])
  const cors =
    origin === undefined
      ? ''
      : `
  ${COMMENTS.cors}
  const allowed = options.origins.allowed ?? []
  app.use(
    cors({
      origin: (ctx) => (allowed.includes(ctx.get('Origin')) ? ctx.get('Origin') : ''),
      credentials: true,
      exposeHeaders: ['Retry-After', 'WWW-Authenticate'],
    }),
  )
`
  return `${imports}
async function main() {
  const sallyport = await createSallyport(options)
  const app = new Koa()
  const router = new Router()

  ${COMMENTS.routes}
  app.use(sallyport.refreshRouter({ prefix: '/auth' }))
  app.use(sallyport.logoutRouter({ prefix: '/auth' }))
  app.use(sallyport.router('sessions', { prefix: '/auth' }))
  app.use(sallyport.router('well-known'))
${cors}
  ${COMMENTS.signIn}
  router.post('/auth/login', bodyParser(), async (ctx) => {
    const { username, password } = readCredentials(ctx.request.body)
    const user = await sallyport.guardSignIn(ctx, username, () => findUser(username, password))
    if (user === undefined) {
      ctx.status = 401
      ctx.body = { error: 'invalid_credentials' }
    } else await sallyport.signIn(ctx, { subject: user.id, scope: user.scope })
  })

  ${COMMENTS.api}
  router.use('/api', sallyport.authMiddleware())
  router.get('/api/me', sallyport.requireScope('profile:read'), (ctx) => {
    ctx.body = { sub: getAuth(ctx).subject }
  })
  app.use(router.routes())

  const port = Number(process.env.PORT ?? 3000)
  const server = app.listen(port, () => console.log(\`listening on http://localhost:\${port}\`))

  ${COMMENTS.stop}
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.once(signal, () => {
      sallyport.endConnections()
      server.close(() => sallyport.close())
    })
}
${START}`
}
