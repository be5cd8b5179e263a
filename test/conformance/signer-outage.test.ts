import { createServer } from 'node:http'
import { KMSClient } from '@aws-sdk/client-kms'
import { awsKmsSigner } from '@sallyport/aws-kms'
import type { SallyportOptions } from '@sallyport/core'
import { createSallyport as forExpress } from '@sallyport/express'
import { createSallyport as forFastify } from '@sallyport/fastify'
import { createSallyport as forKoa } from '@sallyport/koa'
import express from 'express'
import fastify from 'fastify'
import Koa from 'koa'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type KmsDouble, startKms } from '../support/kms.ts'
import { type Listening, listening } from '../support/listening.ts'
import { turnedClock } from '../support/turned-clock.ts'

type Options = SallyportOptions

async function onExpress(options: Options): Promise<Listening> {
  const sallyport = await forExpress(options)
  const app = express()
  app.post('/sign-in', (req, res) => sallyport.signIn(req, res, { subject: 'u1' }))
  return listening(createServer(app), sallyport.close)
}

async function onKoa(options: Options): Promise<Listening> {
  const sallyport = await forKoa(options)
  const app = new Koa()
  app.use((ctx) => sallyport.signIn(ctx, { subject: 'u1' }))
  return listening(createServer(app.callback()), sallyport.close)
}

async function onFastify(options: Options): Promise<Listening> {
  const sallyport = await forFastify(options)
  const app = fastify()
  app.post('/sign-in', async (request, reply) => sallyport.signIn(request, reply, { subject: 'u1' }))
  await app.ready()
  return listening(app.server, () => app.close())
}

let kms: KmsDouble
const notices: string[] = []
beforeEach(async () => {
  kms = await startKms()
  notices.length = 0
  vi.spyOn(process, 'emitWarning').mockImplementation((warning) => void notices.push(String(warning)))
})
afterEach(async () => {
  vi.restoreAllMocks()
  await kms.stop()
})

describe.each([
  ['express', onExpress],
  ['koa', onKoa],
  ['fastify', onFastify],
] as const)('a signer on %s that is away', (_framework, start) => {
  test('is told of once when it goes, with its cause, and once when it is back', async () => {
    const credentials = { accessKeyId: 'AKID', secretAccessKey: 'secret' }
    const client = new KMSClient({
      region: 'eu-central-1',
      endpoint: kms.endpoint,
      credentials,
      maxAttempts: 1,
    })
    const { keyId } = kms.addKey('ECC_NIST_P256')
    const signer = await awsKmsSigner({ client, keyId, algorithm: 'ES256', kid: 'hsm', timeoutMs: 10_000 })
    const clock = turnedClock(Date.now())
    const app = await start({
      clock,
      secret: '0123456789abcdef0123456789abcdef',
      access: { signers: [signer] },
    })
    notices.length = 0
    const signIn = async (): Promise<number> => (await fetch(`${app.url}/sign-in`, { method: 'POST' })).status

    const refused = { refuse: 'KMSInvalidStateException' } as const
    kms.next(refused, refused)
    expect([await signIn(), await signIn()]).toEqual([503, 503])
    const away =
      'the key hsm failed to sign (AWS KMS: Sign failed with KMSInvalidStateException): check that it can be reached'
    expect(notices).toEqual([away])

    expect(await signIn()).toBe(200)
    expect(notices).toEqual([away])
    clock.turn(1000)
    expect([await signIn(), await signIn()]).toEqual([200, 200])
    expect(notices).toEqual([away, 'the key hsm signs again'])

    kms.next(refused)
    expect(await signIn()).toBe(503)
    expect(notices).toEqual([away, 'the key hsm signs again', away])
    await app.close()
    client.destroy()
  })
})
