import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Sallyport } from '@sallyport/core'
import { type Framework, start } from '@sallyport/example-app'
import { framework as express } from '../../../examples/express/src/framework.ts'
import { framework as fastify } from '../../../examples/fastify/src/framework.ts'
import { framework as koa } from '../../../examples/koa/src/framework.ts'
import { EDDSA, publicHalf } from './jws.ts'
import type { Message } from './message.ts'
import { must, tellsOf } from './must.ts'

/** The example application on one framework, in this process, over real HTTP. */
export interface Site {
  /** What a request may name: credentials of a session that was alive a moment ago. */
  readonly values: Readonly<Record<string, string>>
  /** Sends a request, and checks that the answer is none that must not be. */
  send(message: Message): Promise<void>
  close(): Promise<void>
}

interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
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

  function ask({ method, url, headers, body }: Message): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = new URL(running.url)
      const sent = request({ agent, method, hostname, port, path: url, headers }, (answer) => {
        const reply = { status: answer.statusCode ?? 0, headers: answer.headers }
        const isEndless = answer.headers['content-type']?.startsWith('text/event-stream')
        if (isEndless) {
          resolve({ ...reply, body: '' })
          answer.destroy()
        } else text(answer).then((read) => resolve({ ...reply, body: read }), reject)
      })
      sent.on('error', reject).end(body)
    })
  }

  async function signIn(): Promise<void> {
    const headers = {
      host: 'auth.example.test',
      origin: 'https://auth.example.test',
      'content-type': 'application/json',
    }
    const body = Buffer.from(JSON.stringify({ username: 'alice', password: 'correct horse battery staple' }))
    const answer = await ask({ method: 'POST', url: '/auth/login', headers, body })
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
        const { status } = await ask({ method: 'GET', url: '/api/me', headers, body: Buffer.alloc(0) })
        if (status === 401) await signIn()
      }
      const { status, headers, body } = await ask(message)
      must(status < 500 || status === 501, `${message.method} ${message.url} is answered ${status}`)
      if (String(headers['content-type']).includes('json') && body !== '') JSON.parse(body)
      const shown = body + JSON.stringify(headers)
      if (status >= 400)
        for (const secret of [values.token, values.refresh])
          must(!tellsOf(shown, secret ?? ''), 'a refusal shows a credential')
    },
    async close() {
      agent.destroy()
      await running.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
