import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createSallyport, type Sallyport, type SallyportEvent } from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import { redisStore } from '@sallyport/redis'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { settle } from '../support/settle.ts'
import { viewOf } from '../unit/view.ts'
import { command, type Ended, type Given } from './commands.ts'

const built = (name: string): string =>
  pathToFileURL(join(import.meta.dirname, `../../packages/${name}/dist/index.js`)).href

export const ISSUER = 'https://auth.example.com'
export const AUDIENCE = 'https://api.example.com'
export const SECRET = 'Zm9yIHRoZSB0ZXN0cyBvZiB0aGUgY29tbWFuZCBsaW5lIG9ubHku'

/** The options of an application, in a file as an application has one. */
const CONFIG = `
import { appendFile } from 'node:fs/promises'
import { redisStore } from '${built('redis')}'

export default async () => ({
  issuer: '${ISSUER}',
  audience: '${AUDIENCE}',
  secret: process.env.SALLYPORT_SECRET ?? '${SECRET}',
  store: redisStore({ url: process.env.TEST_REDIS }),
  apiKeys: {},
  lockout: { attempts: 2 },
  audit: {
    subjects: 'plain',
    sink: {
      name: 'test',
      write: (events) =>
        appendFile(new URL('audit.jsonl', import.meta.url), events.map((one) => JSON.stringify(one) + '\\n').join('')),
    },
  },
})
`

/** A deployment on a Redis of its own: its server, its folder, and the command line beside them. */
export interface World {
  readonly sallyport: Sallyport
  readonly redis: RedisServer
  readonly folder: string
  signIn(subject: string): Promise<{ readonly id: string; readonly token: string }>
  sallyportCommand(args: readonly string[], given?: Given): Promise<Ended>
  /** The events that commands have told. */
  told(): Promise<readonly SallyportEvent[]>
  /** Writes a file, and gives its path. */
  file(name: string, content: string | Uint8Array): Promise<string>
  close(): Promise<void>
}

export async function createWorld(): Promise<World> {
  const redis = await startRedis()
  await settle(redis)
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-cli-'))
  const file = async (name: string, content: string | Uint8Array): Promise<string> => {
    await writeFile(join(folder, name), content)
    return join(folder, name)
  }
  await file('sallyport.config.mjs', CONFIG)
  // The options in the file read the environment of the process that runs the command, which is this one.
  process.env.TEST_REDIS = redis.url
  const sallyport = await createSallyport({
    ...{ issuer: ISSUER, audience: AUDIENCE, secret: SECRET, apiKeys: {}, lockout: { attempts: 2 } },
    store: redisStore({ url: redis.url }),
    audit: { sink: { name: 'nowhere', write: () => Promise.resolve() } },
  })
  return {
    ...{ sallyport, redis, folder, file },
    async signIn(subject) {
      const view = viewOf({
        ip: '192.0.2.1',
        headers: { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0' },
      })
      const { accessToken } = await gateOf(sallyport).sessions.start(view, {
        subject,
        scope: ['profile:read'],
      })
      const verdict = await sallyport.tokens.verify(accessToken)
      return { id: (verdict.kind === 'valid' && verdict.auth.session) || '', token: accessToken }
    },
    sallyportCommand: (args, given) => command(args, { cwd: folder, ...given }),
    async told() {
      const text = await readFile(join(folder, 'audit.jsonl'), 'utf8').catch(() => '')
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line))
    },
    async close() {
      await sallyport.close()
      await redis.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
