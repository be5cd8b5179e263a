import type { Choices } from '../choices.ts'
import { importsOf, type Needed, typed } from './imports.ts'

interface StoreCode {
  readonly needed: (framework: string) => Needed
  readonly code: string
}

const STORES: Readonly<Record<Choices['store'], StoreCode>> = {
  memory: {
    needed: (framework) => ({ from: `@sallyport/${framework}`, names: ['memoryStore'] }),
    code: `// Sessions end with this process, and no other one sees them: take Redis or PostgreSQL in production.
  store: memoryStore(),`,
  },
  redis: {
    needed: () => ({ from: '@sallyport/redis', names: ['redisStore'] }),
    code: 'store: redisStore({ url: process.env.REDIS_URL }),',
  },
  postgres: {
    needed: () => ({ from: '@sallyport/postgres', names: ['postgresStore'] }),
    code: 'store: postgresStore({ url: process.env.DATABASE_URL }),',
  },
}

/** The options, which the server and the command line share. */
export function configModule(choices: Choices): string {
  const { framework, store, origin, language, modules } = choices
  const { needed, code } = STORES[store]
  const imports = importsOf(choices, [
    { from: `@sallyport/${framework}`, names: ['SallyportOptions'], isType: true },
    needed(framework),
  ])
  const origins =
    origin === undefined
      ? ''
      : `
  // The pages that may sign in from another origin, separated by commas.
  origins: { allowed: process.env.ALLOWED_ORIGINS?.split(',') },`
  const opening = language === 'js' && modules === 'cjs' ? 'module.exports =' : 'export default'
  return `${imports}
// The options of this deployment, for the server and for "npm run sallyport". Their values come from the environment.
${opening} {
  issuer: process.env.ISSUER,
  audience: process.env.AUDIENCE,
  secret: process.env.SALLYPORT_SECRET,
  ${code}${origins}
}${typed(choices, ' satisfies SallyportOptions')}
`
}
