import type { Choices } from '../choices.ts'
import { importsOf } from './imports.ts'
import { COMMENTS, OWN_MODULES, START } from './server.ts'

export function expressServer(choices: Choices): string {
  const { origin } = choices
  const imports = importsOf(choices, [
    { from: '@sallyport/express', names: ['createSallyport', 'getAuth'] },
    ...(origin === undefined ? [] : [{ from: 'cors', whole: 'cors' }]),
    { from: 'express', whole: 'express' },
    ...OWN_MODULES,
  ])
  const cors =
    origin === undefined
      ? ''
      : `
  ${COMMENTS.cors}
  const origin = options.origins.allowed
  app.use(cors({ origin, credentials: true, exposedHeaders: ['Retry-After', 'WWW-Authenticate'] }))
`
  return `${imports}
async function main() {
  const sallyport = await createSallyport(options)
  const app = express()

  ${COMMENTS.routes}
  app.use('/auth', sallyport.refreshRouter(), sallyport.logoutRouter(), sallyport.router('sessions'))
  app.use(sallyport.router('well-known'))
${cors}
  ${COMMENTS.signIn}
  app.post('/auth/login', express.json(), async (req, res) => {
    const { username, password } = readCredentials(req.body)
    const user = await sallyport.guardSignIn(req, res, username, () => findUser(username, password))
    if (user === undefined) res.status(401).json({ error: 'invalid_credentials' })
    else await sallyport.signIn(req, res, { subject: user.id, scope: user.scope })
  })

  ${COMMENTS.api}
  app.use('/api', sallyport.authMiddleware())
  app.get('/api/me', sallyport.requireScope('profile:read'), (req, res) => {
    res.json({ sub: getAuth(req).subject })
  })

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
