import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { ended, spawnTied } from '../support/tied.ts'
import { command, type Ended, program } from './commands.ts'

export interface Wanted {
  readonly framework: 'express' | 'koa' | 'fastify'
  readonly store: 'memory' | 'redis' | 'postgres'
  readonly language: 'ts' | 'js'
  readonly modules: 'esm' | 'cjs'
  readonly origin?: string
}

const ORIGIN = 'http://localhost:5173'

/** Every framework with every store; and both languages, module systems and places of the front end with each framework. */
export const setUps: readonly Wanted[] = [
  { framework: 'express', store: 'memory', language: 'ts', modules: 'esm', origin: ORIGIN },
  { framework: 'express', store: 'redis', language: 'js', modules: 'cjs' },
  { framework: 'express', store: 'postgres', language: 'ts', modules: 'cjs', origin: ORIGIN },
  { framework: 'koa', store: 'memory', language: 'js', modules: 'esm' },
  { framework: 'koa', store: 'redis', language: 'ts', modules: 'cjs', origin: ORIGIN },
  { framework: 'koa', store: 'postgres', language: 'ts', modules: 'esm' },
  { framework: 'fastify', store: 'memory', language: 'js', modules: 'cjs', origin: ORIGIN },
  { framework: 'fastify', store: 'redis', language: 'ts', modules: 'esm', origin: ORIGIN },
  { framework: 'fastify', store: 'postgres', language: 'ts', modules: 'cjs' },
]

const root = join(import.meta.dirname, '../..')

/** A folder within the repository, so that what is generated finds the packages and their types. */
export async function createFolder(): Promise<{ readonly folder: string; remove(): Promise<void> }> {
  await mkdir(join(root, '.cache'), { recursive: true })
  const folder = await mkdtemp(join(root, '.cache/init-'))
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) }
}

export const nameOf = ({ framework, store, language, modules }: Wanted): string =>
  [framework, store, language, modules].join('-')

export function generate(folder: string, wanted: Wanted): Promise<Ended> {
  const { framework, store, language, modules, origin } = wanted
  const flags = { framework, store, language, modules, ...(origin === undefined ? {} : { origin }) }
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value])
  return command(['init', nameOf(wanted), ...args], { cwd: folder })
}

/** Compiles all of them at once. Gives what the compiler finds wrong. */
export async function compile(folder: string, all: readonly Wanted[]): Promise<string> {
  const projects = all.filter(({ language }) => language === 'ts').map((one) => join(folder, nameOf(one)))
  const { output } = await finished(
    [join(root, 'node_modules/typescript/bin/tsc'), '-b', ...projects],
    folder,
    {},
  )
  return output
}

/** Starts a set-up as its scripts do, goes from a sign-in to a revocation, and stops it. */
export async function drive(
  folder: string,
  wanted: Wanted,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const project = join(folder, nameOf(wanted))
  const manifest = JSON.parse(await readFile(join(project, 'package.json'), 'utf8'))
  const server = String(manifest.scripts.dev)
    .replace(/^tsc && /, '')
    .replace(' --watch', '')
  const port = await freePort()
  const child = spawnTied(process.execPath, server.split(' ').slice(1), {
    cwd: project,
    env: { PATH: process.env.PATH, PORT: String(port), ...env },
  })
  let log = ''
  child.stderr?.on('data', (chunk) => (log += chunk))
  child.stdout?.on('data', (chunk) => (log += chunk))
  try {
    await expect.poll(() => log, { timeout: 30_000 }).toContain('listening on')
    await visit(`http://localhost:${port}`, project, wanted, env)
    child.kill('SIGTERM')
    await ended(child)
    expect({ code: child.exitCode, log }).toMatchObject({ code: 0 })
  } finally {
    child.kill('SIGKILL')
  }
}

async function visit(
  url: string,
  project: string,
  { store, origin }: Wanted,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const [, password = ''] = /^DEMO_PASSWORD=(.+)$/m.exec(await readFile(join(project, '.env'), 'utf8')) ?? []
  const post = (path: string, body?: object, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(url + path, {
      method: 'POST',
      headers: { ...(body && { 'content-type': 'application/json' }), ...headers },
      ...(body && { body: JSON.stringify(body) }),
    })
  const me = (token: string): Promise<Response> =>
    fetch(`${url}/api/me`, { headers: { authorization: `Bearer ${token}` } })
  const from: Record<string, string> = origin === undefined ? {} : { origin, 'sec-fetch-site': 'same-site' }

  for (const body of [
    { username: 'demo', password: 'wrong' },
    { username: { toString: 1 }, password: [] },
    {},
  ]) {
    const refused = await post('/auth/login', body, from)
    expect([refused.status, await refused.json()]).toEqual([401, { error: 'invalid_credentials' }])
  }
  const elsewhere = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
  expect((await post('/auth/login', { username: 'demo', password }, elsewhere)).status).toBe(403)

  const signedIn = await post('/auth/login', { username: 'demo', password }, from)
  expect(signedIn.status).toBe(200)
  expect(signedIn.headers.get('access-control-allow-origin')).toBe(origin ?? null)
  const first = await tokensIn(signedIn)
  const answer = await me(first.access_token)
  expect([answer.status, await answer.json()]).toEqual([200, { sub: 'user-1' }])
  expect((await fetch(`${url}/api/me`)).status).toBe(401)
  if (origin !== undefined) {
    const headers = {
      origin,
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'authorization',
    }
    const preflight = await fetch(`${url}/api/me`, { method: 'OPTIONS', headers })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-origin')).toBe(origin)
  }

  const cookie = cookieOf(signedIn)
  const refreshed = await post('/auth/refresh', undefined, { cookie, ...from })
  expect(refreshed.status).toBe(200)
  const { access_token: token } = await tokensIn(refreshed)
  expect((await me(token)).status).toBe(200)

  if (store === 'memory')
    expect((await post('/auth/logout', undefined, { cookie: cookieOf(refreshed), ...from })).status).toBe(204)
  else {
    const args = ['--env-file=.env', program, 'users', 'revoke', 'user-1', '--yes']
    const revoked = await finished(args, project, env)
    expect(revoked).toEqual({ code: 0, output: 'Signed out 1 user: ended 1 session.\n' })
  }
  await expect.poll(async () => (await me(token)).status, { timeout: 5000 }).toBe(401)
}

const tokensIn = (response: Response): Promise<{ readonly access_token: string }> =>
  response.json() as Promise<{ readonly access_token: string }>

function cookieOf(response: Response): string {
  const cookie = response.headers
    .getSetCookie()
    .find((one) => one.includes('HttpOnly') && !one.includes('device'))
  return cookie?.split(';', 1)[0] ?? ''
}

async function finished(
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawnTied(process.execPath, args, { cwd, env: { PATH: process.env.PATH, ...env } })
  let output = ''
  child.stdout?.on('data', (chunk) => (output += chunk))
  child.stderr?.on('data', (chunk) => (output += chunk))
  await ended(child)
  return { code: child.exitCode, output }
}
