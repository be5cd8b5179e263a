import { createSallyport, type EventMap, type RequestView, type Sallyport } from '@sallyport/core'
import { type Answer, gateOf } from '@sallyport/core/adapter'
import { redisStore } from '@sallyport/redis'
import { textIn } from '../support/text-in.ts'
import type { System } from './system.ts'

/** The library in the test's own process, on the Redis of a system, and what it told its application. */
export interface Application extends Sallyport {
  readonly events: readonly EventMap['event'][]
  readonly revoked: readonly EventMap['revoked'][]
}

/** Opens the library as the example servers of the system do: they are nodes of one system. */
export async function openApplication(
  system: Pick<System, 'redis' | 'secret' | 'keyPrefix'>,
): Promise<Application> {
  const sallyport = await createSallyport({
    issuer: 'https://auth.example.test',
    audience: 'https://api.example.test',
    secret: Buffer.from(system.secret, 'base64url'),
    store: redisStore({ url: system.redis.url, keyPrefix: system.keyPrefix }),
  })
  const events: EventMap['event'][] = []
  const revoked: EventMap['revoked'][] = []
  sallyport.on('event', (event) => events.push(event))
  sallyport.on('revoked', (revocation) => revoked.push(revocation))
  return { ...sallyport, events, revoked }
}

/** What a request without any framework led to. */
export interface Handled {
  readonly status: number
  /** The refresh cookie that was set; empty where it was cleared or left alone. */
  readonly cookie: string
  /** The access token; empty if there is none. */
  readonly access: string
}

export async function signIn(sallyport: Sallyport, subject: string): Promise<Handled> {
  return handled(await gateOf(sallyport).signIn(view('/login'), { subject }))
}

export async function refresh(sallyport: Sallyport, cookie: string): Promise<Handled> {
  const [route] = gateOf(sallyport).routes(['refresh'])
  if (route === undefined) throw new Error('there is no refresh route')
  return handled(await route.handle(view('/refresh', cookie)))
}

function handled({ status, cookies, body = '{}' }: Pick<Answer, 'status' | 'cookies' | 'body'>): Handled {
  const cookie = /^__Host-refresh=([^;]*)/.exec(cookies[0] ?? '')?.[1] ?? ''
  return { status, cookie, access: JSON.parse(textIn(body)).access_token ?? '' }
}

function view(target: string, cookie?: string): RequestView {
  return {
    method: 'POST',
    target,
    headers: { host: 'localhost', ...(cookie === undefined ? {} : { cookie: `__Host-refresh=${cookie}` }) },
    rawHeaders: [],
    ip: '192.0.2.1',
    peer: { address: '192.0.2.1', certificate: undefined },
    secure: true,
    host: 'localhost',
    body: { kind: 'parsed', value: {} },
    params: {},
  }
}
