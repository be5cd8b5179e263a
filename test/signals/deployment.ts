import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { memoryStore } from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import { createSallyport, type ExpressSallyport } from '@sallyport/express'
import { createSignals, type Signals, type SignalsOptions } from '@sallyport/signals'
import express, { type Express } from 'express'
import { textIn } from '../support/text-in.ts'
import { viewOf } from '../unit/view.ts'

/** A deployment behind a real server, whose issuer is its URL. */
export interface Deployment {
  readonly url: string
  readonly sallyport: ExpressSallyport
  readonly signals: Signals
  /** The access token and the id of a new session. */
  signIn(subject: string, scope?: string[]): Promise<{ readonly token: string; readonly sid: string }>
  /** Stops listening, and listens again at the same address. */
  goDown(): Promise<void>
  comeBack(): Promise<void>
  close(): Promise<void>
}

/** An address at which a deployment can be started, so that others can be told of it before. */
export interface Reserved {
  readonly url: string
  start(options: SignalsOptions, more?: object): Promise<Deployment>
}

export async function reserve(): Promise<Reserved> {
  let app: Express | undefined
  let server = createServer((req, res) => app?.(req, res))
  const listen = (port: number): Promise<number> =>
    new Promise((resolve) =>
      server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
    )
  const port = await listen(0)
  const url = `http://127.0.0.1:${port}`
  return { url, start }

  async function start(options: SignalsOptions, more: object = {}): Promise<Deployment> {
    const sallyport = await createSallyport({ issuer: url, audience: 'api', store: memoryStore(), ...more })
    const signals = await createSignals(sallyport, options)
    app = express()
    app.use('/auth', sallyport.router(...signals.receiver, ...signals.transmitter))
    app.use(sallyport.router('well-known', ...signals.wellKnown))
    app.get('/me', sallyport.authMiddleware({ issuers: 'all' }), (_req, res) => void res.json({}))

    function stop(): Promise<void> {
      return new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
    }

    return {
      ...{ url, sallyport, signals },
      async signIn(subject, scope = []) {
        const answer = await gateOf(sallyport).signIn(viewOf({}), { subject, scope })
        const { access_token: token } = JSON.parse(textIn(answer.body)) as { access_token: string }
        const verdict = await sallyport.tokens.verify(token)
        return { token, sid: verdict.kind === 'valid' ? String(verdict.auth.session) : '' }
      },
      goDown: stop,
      async comeBack() {
        server = createServer((req, res) => app?.(req, res))
        await listen(port)
      },
      async close() {
        signals.close()
        await stop()
        await sallyport.close()
      },
    }
  }
}

/** Whether an access token is accepted. */
export async function isAccepted({ url }: Deployment, token: string): Promise<boolean> {
  const { status } = await fetch(`${url}/me`, { headers: { authorization: `Bearer ${token}` } })
  return status === 200
}
