import { randomBytes } from 'node:crypto'
import type { Choices, NewFile } from '../choices.ts'

interface Variable {
  readonly name: string
  readonly about: string
  readonly value: string
  /** What stands in `.env.example`, where the value is a secret. Default: the value. */
  readonly shown?: string
}

const STORE_VARIABLES: Readonly<Record<Choices['store'], readonly Variable[]>> = {
  memory: [],
  redis: [{ name: 'REDIS_URL', about: 'Where Redis is.', value: 'redis://127.0.0.1:6379/0' }],
  postgres: [{ name: 'DATABASE_URL', about: 'Where PostgreSQL is.', value: 'postgres://127.0.0.1:5432/app' }],
}
const SECRET_BYTES = 32
const PASSWORD_BYTES = 9

/** `.env`, with secrets of its own, and `.env.example` for the repository, without them. */
export function environmentFiles(choices: Choices): readonly NewFile[] {
  const variables = variablesOf(choices)
  const written = (value: (one: Variable) => string): string =>
    variables.map((one) => `# ${one.about}\n${one.name}=${value(one)}\n`).join('\n')
  return [
    { path: '.env', text: written(({ value }) => value), isSecret: true },
    { path: '.env.example', text: written(({ value, shown }) => shown ?? value) },
  ]
}

function variablesOf({ store, origin, language }: Choices): readonly Variable[] {
  return [
    { name: 'PORT', about: 'Where the server listens.', value: '3000' },
    { name: 'ISSUER', about: 'The URL of this deployment.', value: 'http://localhost:3000' },
    { name: 'AUDIENCE', about: 'The URL of your API.', value: 'http://localhost:3000' },
    {
      name: 'SALLYPORT_SECRET',
      about: 'From which every internal key is derived: the output of "openssl rand -base64 32".',
      value: randomBytes(SECRET_BYTES).toString('base64'),
      shown: '',
    },
    ...STORE_VARIABLES[store],
    ...(origin === undefined
      ? []
      : [
          {
            name: 'ALLOWED_ORIGINS',
            about: 'The origins of your front end, separated by commas.',
            value: origin,
          },
        ]),
    ...(language === 'ts'
      ? [
          {
            name: 'SALLYPORT_CONFIG',
            about: 'Where "npm run sallyport" finds the options.',
            value: 'dist/sallyport.config.js',
          },
        ]
      : []),
    {
      name: 'DEMO_PASSWORD',
      about:
        'The password of the user "demo", until you have users of your own. Without it, there is no such user.',
      value: randomBytes(PASSWORD_BYTES).toString('base64url'),
      shown: '',
    },
  ]
}

/** Modern Node.js, strict, compiled to `dist`. */
export const TSCONFIG: string = `${JSON.stringify(
  {
    compilerOptions: {
      ...{ target: 'es2023', module: 'nodenext', types: ['node'] },
      ...{ strict: true, skipLibCheck: true, rootDir: 'src', outDir: 'dist' },
    },
    include: ['src'],
  },
  undefined,
  2,
)}
`
