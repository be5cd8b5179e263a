import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findRedis } from '../../scripts/redis.mjs'
import { findShellTools } from '../../scripts/shell-tools.mjs'
import { type Client, createClient } from '../faults/client.ts'
import { type Framework, type ServerProcess, startServer } from '../support/processes.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { settle } from '../support/settle.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const FRAMEWORKS: readonly Framework[] = ['express', 'koa', 'fastify']
const ISSUER = 'https://auth.example.com'
const AUDIENCE = 'https://api.example.com'

/** The options of the application, where the command line looks for them. */
const CONFIG = `
import { toFile } from '@sallyport/audit'
import { readKeyFile } from '@sallyport/core'
import { redisStore } from '@sallyport/redis'

const { SALLYPORT_SECRET, REDIS_URL, AUDIT_FILE, AUDIT_KEY, COMPROMISED_KEYS, KEY_FILE } = process.env

export default async () => ({
  issuer: '${ISSUER}',
  audience: '${AUDIENCE}',
  secret: SALLYPORT_SECRET.split(',').map((one) => new Uint8Array(Buffer.from(one, 'base64'))),
  store: redisStore({ url: REDIS_URL }),
  access: {
    compromised: COMPROMISED_KEYS?.split(','),
    ...(KEY_FILE ? { keys: await readKeyFile(KEY_FILE) } : {}),
  },
  audit: { subjects: 'plain', sink: toFile({ path: AUDIT_FILE, key: AUDIT_KEY, rotate: false }) },
})
`

/** A playbook is a dozen programs, one after the other. */
export const PLAY_MS = 300_000

export type Variables = Readonly<Record<string, string>>

/** With what the tests ask for by name. */
export interface Environment extends Variables {
  readonly REDIS_URL: string
  readonly AUDIT_FILE: string
}

/** One server of the deployment. It keeps its place when it is started anew. */
export interface Node extends Client {
  readonly framework: Framework
  readonly process: ServerProcess
}

export interface Typed {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A deployment that incidents happen to: three servers, their Redis, and the shell of an operator. */
export interface Stage {
  readonly redis: RedisServer
  /** The folder of the application. */
  readonly folder: string
  readonly nodes: readonly Node[]
  /** The variables of a server. */
  readonly environment: Environment
  /** Runs a text in a shell, as somebody types it in the folder of the application. */
  type(text: string, env?: Variables): Promise<Typed>
  /** Writes a file into that folder. */
  file(name: string, text: string): Promise<void>
  /** Ends all servers, and starts them with these variables besides, which the shell has from then on, too. */
  restart(env?: Variables): Promise<void>
  close(): Promise<void>
}

/** Where settings of the deployment come from, under the names that servers and shell give them. */
interface Settings {
  readonly folder: string
  readonly redis: RedisServer
  readonly REDIS_URL: string
  /** In base64, as "openssl rand -base64 32" prints it; several are separated by commas. */
  readonly SALLYPORT_SECRET: string
  readonly AUDIT_KEY: string
}

/** @param env variables that the servers have besides */
export async function startStage(env: Variables = {}): Promise<Stage> {
  const redis = await startRedis({ config: await userInRedis() })
  await settle(redis)
  const folder = await applicationFolder()
  const settings: Settings = {
    ...{ folder, redis },
    REDIS_URL: redis.url.replace('//', '//sallyport:a-long-password@'),
    SALLYPORT_SECRET: randomBytes(32).toString('base64'),
    AUDIT_KEY: randomBytes(32).toString('base64url'),
  }
  let more = env
  let nodes = await startNodes(environmentOf(settings, more))
  const shell = await shellEnvironment(settings)
  return {
    ...{ redis, folder },
    get nodes() {
      return nodes
    },
    get environment() {
      return environmentOf(settings, more)
    },
    type: (text, given) =>
      typed(text, folder, { ...shell, ...more, SERVERS: nodes.map(({ url }) => url).join(' '), ...given }),
    file: (name, text) => writeFile(join(folder, name), text),
    async restart(given = {}) {
      await Promise.all(nodes.map(({ process }) => process.stop()))
      more = { ...more, ...given }
      nodes = await startNodes(environmentOf(settings, more))
    },
    async close() {
      await Promise.all(nodes.map(({ process }) => process.stop()))
      await redis.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The user that the guide has for servers, as a line of Redis's configuration. */
async function userInRedis(): Promise<string> {
  const page = await readFile(`${root}docs/guide/redis.md`, 'utf8')
  const [, rules = ''] = /^ACL SETUSER (sallyport .*)$/m.exec(page) ?? []
  return `user ${rules}\n`
}

/** The folder of an application in which the packages are installed. */
async function applicationFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-playbook-'))
  const bin = join(folder, 'node_modules/.bin')
  await mkdir(bin, { recursive: true })
  await symlink(`${root}node_modules/@sallyport`, join(folder, 'node_modules/@sallyport'))
  const program = join(bin, 'sallyport')
  await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${root}packages/cli/dist/main.js' "$@"\n`)
  await chmod(program, 0o755)
  await writeFile(join(folder, 'package.json'), '{}')
  await writeFile(join(folder, 'sallyport.config.mjs'), CONFIG)
  return folder
}

function environmentOf(settings: Settings, more: Variables): Environment {
  const { folder, REDIS_URL, SALLYPORT_SECRET, AUDIT_KEY } = settings
  const secret = more.SALLYPORT_SECRET ?? SALLYPORT_SECRET
  return {
    ...{ ISSUER, AUDIENCE, AUDIT_KEY, REDIS_URL },
    AUDIT_FILE: join(folder, 'audit.jsonl'),
    SECRET: secret.replaceAll('+', '-').replaceAll('/', '_'),
    ...more,
  }
}

/** One after the other: a machine that runs tests has few cores, and each has little time to begin to listen. */
async function startNodes(env: Environment): Promise<readonly Node[]> {
  const nodes: Node[] = []
  for (const framework of FRAMEWORKS) {
    const process = await startServer(framework, env)
    nodes.push({ ...createClient(process.url), framework, process })
  }
  return nodes
}

/** Nothing of this process but the programs: Node.js, those that pages name, and the redis-cli of the server. */
async function shellEnvironment({ folder, redis, ...given }: Settings): Promise<Variables> {
  const { command, env } = await findRedis()
  const tools = await findShellTools()
  const paths = [
    ...[dirname(process.execPath), `${dirname(command)}/root/usr/bin`, process.env.PATH ?? ''],
    ...tools.map((tool) => dirname(tool.command)),
  ]
  return {
    ...Object.assign({}, ...tools.map((tool) => tool.env), env),
    PATH: paths.join(':'),
    HOME: folder,
    npm_config_update_notifier: 'false',
    REDIS_ADMIN_URL: redis.url,
    AUDIT_FILE: join(folder, 'audit.jsonl'),
    ...given,
  }
}

function typed(text: string, cwd: string, env: Variables): Promise<Typed> {
  return new Promise((resolve) => {
    const shell = spawn('sh', ['-e', '-c', text], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    const said = { stdout: '', stderr: '' }
    shell.stdout.on('data', (chunk: Buffer) => {
      said.stdout += chunk.toString()
    })
    shell.stderr.on('data', (chunk: Buffer) => {
      said.stderr += chunk.toString()
    })
    shell.once('close', (code) => resolve({ code: code ?? 1, ...said }))
  })
}
