import { constants, verify } from 'node:crypto'
import { createSallyport, getAuth, memoryStore } from '@sallyport/express'
import {
  generatePkcs11Key,
  type Pkcs11Signer,
  type Pkcs11SignerOptions,
  pkcs11Signer,
} from '@sallyport/pkcs11'
import express from 'express'
import { calculateJwkThumbprint, compactVerify, exportJWK } from 'jose'
import supertest from 'supertest'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inSession, library, makeToken, openCryptoki, pin, type Token } from './token.ts'

const algorithms = ['EdDSA', 'ES256', 'RS256', 'PS256'] as const
type Algorithm = (typeof algorithms)[number]

const place = { module: library, token: 'sallyport', pin: () => pin }
let token: Token

beforeAll(async () => {
  token = makeToken(openCryptoki(), 'sallyport')
  for (const algorithm of algorithms)
    await generatePkcs11Key({ ...place, key: { label: algorithm }, algorithm })
})
afterAll(() => token.cryptoki.C_Finalize())

async function using<T>(
  algorithm: Algorithm,
  act: (signer: Pkcs11Signer) => Promise<T>,
  more: Partial<Pkcs11SignerOptions> = {},
): Promise<T> {
  const signer = await pkcs11Signer({ ...place, key: { label: algorithm }, algorithm, ...more })
  try {
    return await act(signer)
  } finally {
    signer.close()
  }
}

const byNode: Readonly<Record<Algorithm, (signer: Pkcs11Signer, input: Buffer, made: Buffer) => boolean>> = {
  EdDSA: ({ publicKey }, input, made) => verify(null, input, publicKey, made),
  ES256: ({ publicKey: key }, input, made) =>
    verify('sha256', input, { key, dsaEncoding: 'ieee-p1363' }, made),
  RS256: ({ publicKey }, input, made) => verify('sha256', input, publicKey, made),
  PS256: ({ publicKey: key }, input, made) =>
    verify('sha256', input, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }, made),
}

describe.each([
  ['EdDSA', 64],
  ['ES256', 64],
  ['RS256', 256],
  ['PS256', 256],
] as const)('%s', (algorithm, bytes) => {
  test('signs in the form of RFC 7518, as jose and node:crypto verify it', () =>
    using(algorithm, async (signer) => {
      const header = Buffer.from(JSON.stringify({ alg: algorithm })).toString('base64url')
      for (let times = 0; times < 20; times++) {
        const input = Buffer.from(`${header}.${Buffer.from(`payload ${times}`).toString('base64url')}`)
        const made = Buffer.from(await signer.sign(input))
        expect(made).toHaveLength(bytes)
        expect(byNode[algorithm](signer, input, made)).toBe(true)
        const compact = `${input}.${made.toString('base64url')}`
        const { payload } = await compactVerify(compact, signer.publicKey, { algorithms: [algorithm] })
        expect(Buffer.from(payload).toString()).toBe(`payload ${times}`)
      }
    }))

  test('is named by its thumbprint, and has nothing but its public half', () =>
    using(algorithm, async ({ kid, alg, publicKey }) => {
      expect(alg).toBe(algorithm)
      expect(publicKey.type).toBe('public')
      expect(kid).toBe(await calculateJwkThumbprint(await exportJWK(publicKey)))
    }))

  test('is found by its id alone, and goes by another name if wanted', async () => {
    const { id, kid } = await generatePkcs11Key({
      ...place,
      key: { label: `second ${algorithm}` },
      algorithm,
    })
    await using(algorithm, async (signer) => expect(signer.kid).toBe(kid), { key: { id } })
    await using(algorithm, async (signer) => expect(signer.kid).toBe('k1'), { key: { id }, kid: 'k1' })
  })

  test('signs what a server hands out, from sign-in over refresh to a verified request', () =>
    using(algorithm, async (signer) => {
      const sallyport = await createSallyport({ store: memoryStore(), access: { signers: [signer] } })
      const app = express()
      app.post('/auth/login', (request, response) => sallyport.signIn(request, response, { subject: 'u-1' }))
      app.use('/auth', sallyport.refreshRouter())
      app.use(sallyport.router('well-known'))
      app.get('/api/me', sallyport.authMiddleware(), (request, response) => {
        response.json({ sub: getAuth(request).subject, kid: getAuth(request).kid })
      })
      const login = await supertest(app).post('/auth/login')
      const refresh = await supertest(app)
        .post('/auth/refresh')
        .set('Cookie', login.get('Set-Cookie')?.[0]?.split(';')[0] ?? '')
      for (const { body } of [login, refresh]) {
        const me = await supertest(app).get('/api/me').auth(body.access_token, { type: 'bearer' })
        expect(me.body).toEqual({ sub: 'u-1', kid: signer.kid })
        const forged = `${body.access_token.slice(0, -8)}AAAAAAAA`
        expect((await supertest(app).get('/api/me').auth(forged, { type: 'bearer' })).status).toBe(401)
      }
      const { body } = await supertest(app).get('/.well-known/jwks.json')
      expect(body.keys).toMatchObject([{ kid: signer.kid, alg: algorithm, use: 'sig' }])

      signer.close()
      const without = await supertest(app).post('/auth/login')
      expect(without.status).toBe(503)
      expect(without.headers['retry-after']).toBe('1')
      await sallyport.close()
    }))

  test('never leaves the token', () => {
    const secrets = { EdDSA: [0x11], ES256: [0x11], RS256: [0x123, 0x124], PS256: [0x123, 0x124] }[algorithm]
    inSession(token, (session) => {
      token.cryptoki.C_FindObjectsInit(session, [
        { type: 0x0, value: 3 },
        { type: 0x3, value: algorithm },
      ])
      const [key] = token.cryptoki.C_FindObjects(session, 2)
      token.cryptoki.C_FindObjectsFinal(session)
      if (key === undefined) throw new Error('the key is not there')
      const read = (type: number) => () => token.cryptoki.C_GetAttributeValue(session, key, [{ type }])
      const write = (type: number, value: boolean) => () =>
        token.cryptoki.C_SetAttributeValue(session, key, [{ type, value }])
      for (const type of secrets) expect(read(type)).toThrow('CKR_ATTRIBUTE_SENSITIVE')
      expect(write(0x162, true)).toThrow('CKR_ATTRIBUTE_READ_ONLY')
      expect(write(0x103, false)).toThrow('CKR_ATTRIBUTE_READ_ONLY')
      // Neither decrypts nor unwraps nor derives; always sensitive, never extractable.
      for (const [type, wanted] of [
        [0x105, 0],
        [0x107, 0],
        [0x10c, 0],
        [0x165, 1],
        [0x164, 1],
      ] as const)
        expect(read(type)()[0]?.value).toEqual(Buffer.of(wanted))
    })
  })
})

test('two hundred signatures at once share four sessions', () =>
  using(
    'ES256',
    async (signer) => {
      const inputs = Array.from({ length: 200 }, (_, index) => Buffer.from(`input ${index}`))
      const made = await Promise.all(inputs.map((input) => signer.sign(input)))
      for (const [index, input] of inputs.entries())
        expect(byNode.ES256(signer, input, Buffer.from(made[index] ?? []))).toBe(true)
    },
    { sessions: 4, timeoutMs: 60_000 },
  ))

test('what is signed is the input as it was when it was given, also if it has to wait', () =>
  using(
    'EdDSA',
    async (signer) => {
      const input = Buffer.from('the input')
      const signing = [signer.sign(input), signer.sign(input)]
      input.fill(0)
      for (const made of await Promise.all(signing))
        expect(byNode.EdDSA(signer, Buffer.from('the input'), Buffer.from(made))).toBe(true)
    },
    { sessions: 1 },
  ))

test('a slot is named by its number', () =>
  using('ES256', async (signer) => expect(await signer.sign(Buffer.from('input'))).toHaveLength(64), {
    token: undefined,
    slot: Number(token.slot.readBigUInt64LE()),
  }))

test('the PIN may come later', () =>
  using('ES256', async (signer) => expect(await signer.sign(Buffer.from('input'))).toHaveLength(64), {
    pin: () => new Promise((resolve) => setImmediate(resolve, pin)),
  }))
