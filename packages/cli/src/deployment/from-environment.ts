import { resolve } from 'node:path'
import type { SallyportOptions, SigningAlgorithm, StoreDriver } from '@sallyport/core'
import { codeOf, type Surroundings, UsageError } from '../surroundings.ts'
import { folderOf, loadFrom } from './load.ts'

/** The variables of a server that tells others of ended sessions, which this command would have to do as well. */
const TELLING: readonly string[] = ['LOGOUT_CLIENTS', 'SIGNAL_RECEIVERS']
const HOW = 'or give the options of your application: --config <file>'

/** The options by the variables that the guide and the examples use. Rejects with a `UsageError` that names a wrong one. */
export async function optionsFromEnvironment(surroundings: Surroundings): Promise<SallyportOptions> {
  const { env } = surroundings
  const telling = TELLING.find((name) => env[name])
  if (telling !== undefined)
    throw new UsageError(
      `${telling} is set, so ended sessions have to be told to other services, which needs the options of your application: pass --config <file>`,
    )
  // Which algorithms there are, the library says.
  const algorithm = env.SIGNING_ALG as SigningAlgorithm | undefined
  const keyFile = env.SIGNING_KEYS
  return {
    issuer: needed(env, 'ISSUER', 'the "issuer" of your deployment'),
    audience: needed(env, 'AUDIENCE', 'its "audience"'),
    secret: secretIn(env),
    store: storeIn(surroundings),
    access: {
      ...(algorithm ? { algorithm } : {}),
      ...(keyFile ? { keys: await keysIn(resolve(folderOf(surroundings), keyFile)) } : {}),
    },
    production: false,
  }
}

function needed(env: Surroundings['env'], name: string, what: string): string {
  const value = env[name]
  if (value) return value
  throw new UsageError(`${name} is missing: set it to ${what}, ${HOW}`)
}

/** `SALLYPORT_SECRET` is the option as it is; `SECRET` has the bytes of secrets, as the example servers take them. */
function secretIn(env: Surroundings['env']): SallyportOptions['secret'] {
  if (env.SALLYPORT_SECRET) return env.SALLYPORT_SECRET
  if (env.SECRET) return env.SECRET.split(',').map((one) => new Uint8Array(Buffer.from(one, 'base64url')))
  throw new UsageError(`SALLYPORT_SECRET is missing: set it to the "secret" of your deployment, ${HOW}`)
}

function storeIn(surroundings: Surroundings): StoreDriver | undefined {
  const { REDIS_URL: redis, DATABASE_URL: database, KEY_PREFIX: keyPrefix } = surroundings.env
  if (redis && database) throw new UsageError('REDIS_URL and DATABASE_URL are both set: unset one of them')
  if (redis) {
    const { redisStore } = storePackage<{ redisStore: Make }>(surroundings, '@sallyport/redis')
    return redisStore({ url: redis, ...(keyPrefix ? { keyPrefix } : {}) })
  }
  if (!database) return undefined
  const { postgresStore } = storePackage<{ postgresStore: Make }>(surroundings, '@sallyport/postgres')
  // A command that somebody types changes no tables.
  return postgresStore({ url: database, migrate: 'check' })
}

type Make = (options: object) => StoreDriver

function storePackage<Package>(surroundings: Surroundings, name: string): Package {
  try {
    return loadFrom(surroundings, name) as Package
  } catch (cause) {
    if (codeOf(cause) !== 'MODULE_NOT_FOUND') throw cause
    throw new UsageError(`${name} is not installed here: run this in the folder of your application`, {
      cause,
    })
  }
}

async function keysIn(path: string): Promise<readonly object[]> {
  const { readKeyFile } = await import('@sallyport/core')
  return readKeyFile(path)
}
