import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { Agent } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Sallyport } from '@sallyport/core'
import { type Framework, start } from '@sallyport/example-app'
import { framework as express } from '../../../examples/express/src/framework.ts'
import { framework as fastify } from '../../../examples/fastify/src/framework.ts'
import { framework as koa } from '../../../examples/koa/src/framework.ts'
import { ask, mustBeFine, type Reply } from './ask.ts'
import { EDDSA, publicHalf } from './jws.ts'
import type { Message } from './message.ts'

/** The example application on one framework, in this process, over real HTTP. */
export interface Site {
  /** What a request may name: credentials of a session that was alive a moment ago. */
  readonly values: Readonly<Record<string, string>>
  /** Sends a request, and checks that the answer is none that must not be. */
  send(message: Message): Promise<void>
  close(): Promise<void>
}

const SECRET = createHash('sha256').update('the secret of the test').digest('base64url')
/** A session may end by what is sent, so it is looked after now and then. */
const LOOK_EVERY = 50
const ISSUER = 'https://idp.example.com'

export async function startSites(): Promise<readonly Site[]> {
  return [await startSite(express), await startSite(koa), await startSite(fastify)]
}

async function startSite<S extends Sallyport>(framework: Framework<S>): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-fuzz-'))
  const jwks = join(folder, 'jwks.json')
  await writeFile(jwks, JSON.stringify({ keys: [{ ...publicHalf(EDDSA), kid: 'signals', alg: 'EdDSA' }] }))
  const running = await start(framework, {
    PORT: '0',
    SECRET,
    AUDIT_FILE: join(folder, 'audit.jsonl'),
    AUDIT_KEY: SECRET,
    TRUST_PROXY: '1',
    LOCKOUT_ATTEMPTS: '1000000',
    ALLOWED_ORIGINS: 'https://app.example',
    SIGNAL_ISSUER: ISSUER,
    SIGNAL_JWKS: jwks,
    LOGOUT_ISSUER: ISSUER,
    LOGOUT_JWKS: jwks,
  })
  const agent = new Agent({ keepAlive: true })
  let values: Record<string, string> = {}
  let sent = 0

  const send = (message: Message): Promise<Reply> => ask(running.url, agent, message)

  async function signIn(): Promise<void> {
    const headers = {
      host: 'auth.example.test',
      origin: 'https://auth.example.test',
      'content-type': 'application/json',
    }
    const body = Buffer.from(JSON.stringify({ username: 'alice', password: 'correct horse battery staple' }))
    const answer = await send({ method: 'POST', url: '/auth/login', headers, body })
    const [cookie = ''] = [answer.headers['set-cookie'] ?? []].flat().map((one) => String(one).split(';')[0])
    values = { token: JSON.parse(answer.body).access_token, cookie, refresh: cookie.split('=')[1] ?? '' }
  }

  await signIn()
  return {
    get values() {
      return values
    },
    async send(message) {
      if (++sent % LOOK_EVERY === 0) {
        const headers = { host: 'auth.example.test', authorization: `Bearer ${values.token}` }
        const { status } = await send({ method: 'GET', url: '/api/me', headers, body: Buffer.alloc(0) })
        if (status === 401) await signIn()
      }
      const reply = await send(message)
      for (const secret of [values.token, values.refresh]) mustBeFine(message, reply, secret ?? '')
    },
    async close() {
      agent.destroy()
      await running.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
