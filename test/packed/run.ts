import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import { send } from '../conformance/client.ts'
import { type Expected, expectReply } from '../conformance/expectations.ts'
import { bearer, login, PASSWORD, refreshBy, type SignedIn, signedIn } from '../conformance/visitor.ts'
import { type ServerProcess, startProgram } from '../support/processes.ts'

/**
 * What runs before an example: the function that is the reader's, and a free port in place of 3000, which somebody else
 * may have.
 */
const BEFORE = `
const { Server } = require('node:net')
globalThis.checkPassword = async ({ username }) => ({ id: username })
const listen = Server.prototype.listen
Server.prototype.listen = function (at, ...rest) {
  const isObject = typeof at === 'object'
  if ((isObject ? at.port : at) !== 3000) return listen.call(this, at, ...rest)
  this.once('listening', () => {
    const { address, family, port } = this.address()
    const host = family === 'IPv6' && address !== '::' ? '[' + address + ']' : '127.0.0.1'
    console.log('listening on http://' + host + ':' + port)
  })
  return listen.call(this, isObject ? { ...at, port: 0 } : 0, ...rest)
}
`

/** Runs a CommonJS module that ends by itself, and gives what it prints. It has to print no warning. */
export async function runModule(path: string, code: string): Promise<string> {
  await writeFile(path, code)
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [path])
  expect(stderr).toBe('')
  return stdout.trim()
}

/** Said by Node.js alone: there the default algorithm of signing keys is called experimental. */
const EARLY = /^v20\.19\.[0-2]$/
const KNOWN = /ExperimentalWarning: The Ed25519 Web Crypto API algorithm|^\(Use `node --trace-warnings/

/** What stands on the standard error of a server, but for what this version of Node.js says of itself. */
export function saidBy({ errors }: ServerProcess): readonly string[] {
  return EARLY.test(process.version) ? errors.filter((line) => !KNOWN.test(line)) : errors
}

/** Starts an example by its path, by default in production. */
export async function start(
  program: string,
  env: Readonly<Record<string, string>> = {
    NODE_ENV: 'production',
    SALLYPORT_SECRET: randomBytes(32).toString('base64'),
  },
): Promise<ServerProcess> {
  const before = `${program}.before.cjs`
  await writeFile(before, BEFORE)
  return startProgram(program, { ...env, NODE_OPTIONS: `--require=${before}` })
}

/** Signs in, calls a protected route, refreshes and logs out, at a server that does what the examples do. */
export async function visit(url: string): Promise<void> {
  const me = { path: '/api/me' }
  const expectMe = async ({ token }: SignedIn, expected: Expected): Promise<void> =>
    expectReply(await send(url, { ...me, headers: bearer(token) }), expected)
  const isMe = { status: 200, body: { sub: 'somebody' } }

  expectReply(await send(url, me), { status: 401, error: 'unauthorized' })
  const first = signedIn(await send(url, login('somebody', PASSWORD)))
  await expectMe(first, isMe)
  const second = signedIn(await send(url, refreshBy(first.refresh)))
  await expectMe(second, isMe)
  const logout = { ...refreshBy(second.refresh), path: '/auth/logout' }
  expectReply(await send(url, logout), { status: 204, cookie: 'cleared' })
  await expectMe(second, { status: 401, error: 'invalid_token' })
  const ended = { status: 401, error: 'invalid_grant', cookie: 'kept' } as const
  expectReply(await send(url, refreshBy(second.refresh)), ended)
}
