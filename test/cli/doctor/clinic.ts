import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type RedisServer, startRedis } from '../../support/redis.ts'
import { settle } from '../../support/settle.ts'
import { command, type Ended, type Given } from '../commands.ts'

export const ISSUER = 'https://auth.example.com'
export const SECRET = 'hK3v9Qw2Zr8nYt5LxB7mPd1GcJ6sVf4AeUo0iTqWyRk='
const OTHER_SECRET = 'Jx8Lq2Vn5Ty7Rw1Zc4Mb9Kd3Hf6Gs0PaQeUiOoYtXrE='

const built = (name: string): string =>
  pathToFileURL(join(import.meta.dirname, `../../../packages/${name}/dist/index.js`)).href

/** Whom the doctor examines: options without a fault, on a Redis without one. */
export interface Clinic {
  readonly folder: string
  readonly redis: RedisServer
  readonly redisUrl: string
  /** Examines the options with these members set instead. */
  doctor(changed?: string, args?: readonly string[], given?: Given): Promise<Ended>
  /** The ids of what is found, in order. */
  ids(changed?: string, args?: readonly string[], given?: Given): Promise<readonly string[]>
  file(name: string, text: string): Promise<string>
  /** Writes a file of options with these members set instead, and gives its path. */
  config(changed: string): Promise<string>
  jwks(): Promise<{ readonly keys: readonly Record<string, unknown>[] }>
  close(): Promise<void>
}

export async function openClinic(redisArgs: readonly string[] = []): Promise<Clinic> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-doctor-'))
  const redis = await startRedis({ args: ['--appendonly', 'yes', '--dir', folder, ...redisArgs] })
  await settle(redis)
  let configs = 0
  const file = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text)
    return join(folder, name)
  }
  const config = (changed: string): Promise<string> =>
    file(
      `config-${++configs}.mjs`,
      `import { redisStore } from '${built('redis')}'
const secret = '${SECRET}'
const otherSecret = '${OTHER_SECRET}'
export default {
  issuer: '${ISSUER}',
  audience: 'https://api.example.com',
  secret,
  store: redisStore({ url: '${redis.url}' }),
  audit: { sink: { name: 'test', write: () => Promise.resolve() } },
  ${changed}
}
`,
    )
  const doctor = async (changed = '', args: readonly string[] = [], given: Given = {}): Promise<Ended> =>
    command(['doctor', '--config', await config(changed), ...args], { cwd: folder, ...given })
  return {
    ...{ folder, file, config, doctor, redis, redisUrl: redis.url },
    async ids(changed, args = [], given) {
      const { stdout, stderr } = await doctor(changed, ['--json', ...args], given)
      if (stdout === '') throw new Error(stderr)
      return JSON.parse(stdout).findings.map((finding: { readonly id: string }) => finding.id)
    },
    async jwks() {
      const { stdout } = await command(['keys', 'export-jwks', '--config', await config('')])
      return JSON.parse(stdout)
    },
    async close() {
      await redis.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
