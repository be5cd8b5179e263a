import { execFile } from 'node:child_process'
import { constants, createHash, type KeyObject, sign, verify } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { inspect, promisify } from 'node:util'
import { KMSClient, type KMSClientConfig } from '@aws-sdk/client-kms'
import { AwsKmsError, type AwsKmsSignerOptions, awsKmsSigner } from '@sallyport/aws-kms'
import type { SigningAlgorithm } from '@sallyport/core'
import { calculateJwkThumbprint, compactVerify, type JWK } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { configFault } from '../support/config-fault.ts'
import { holdUp } from '../support/hold-up.ts'
import { ACCOUNT, type Behaviour, type KmsDouble, type KmsKey, REQUEST_ID, startKms } from '../support/kms.ts'

const ACCESS_KEY = 'AKIDEXAMPLEEXAMPLE'
const SECRET_KEY = 'wJalrXUtnFEMIexampleexampleexample'
const credentials = { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET_KEY }
const WAIT_MS = 10_000

// biome-ignore format: one row, one line
const algorithms = [
  { algorithm: 'ES256', keySpec: 'ECC_NIST_P256', bytes: 64, times: 600 },
  { algorithm: 'EdDSA', keySpec: 'ECC_NIST_EDWARDS25519', bytes: 64, times: 50 },
  { algorithm: 'RS256', keySpec: 'RSA_2048', bytes: 256, times: 20 },
  { algorithm: 'PS256', keySpec: 'RSA_2048', bytes: 256, times: 20 },
  { algorithm: 'PS256', keySpec: 'RSA_3072', bytes: 384, times: 5 },
  { algorithm: 'RS256', keySpec: 'RSA_4096', bytes: 512, times: 5 },
] as const

/** How node:crypto makes and verifies the signatures that JWS takes. */
const asNode: Readonly<Record<SigningAlgorithm, readonly [hash: string | null, options: object]>> = {
  ES256: ['sha256', { dsaEncoding: 'ieee-p1363' }],
  EdDSA: [null, {}],
  RS256: ['sha256', {}],
  PS256: ['sha256', { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }],
}

let kms: KmsDouble
const clients: KMSClient[] = []

beforeAll(async () => {
  kms = await startKms()
})
afterEach(() => {
  kms.next()
  for (const client of clients.splice(0)) client.destroy()
})
afterAll(() => kms.stop())

function clientOf(config: KMSClientConfig = {}): KMSClient {
  const client = new KMSClient({ region: 'eu-central-1', endpoint: kms.endpoint, credentials, ...config })
  clients.push(client)
  return client
}

type Given = Partial<AwsKmsSignerOptions>
const optionsOf = (keyId: string, given: Given = {}): AwsKmsSignerOptions => ({
  client: clientOf(),
  keyId,
  algorithm: 'ES256',
  timeoutMs: WAIT_MS,
  ...given,
})

async function signerOf(given: Given = {}, keySpec = 'ECC_NIST_P256') {
  return awsKmsSigner(optionsOf(kms.addKey(keySpec).keyId, given))
}

const inputOf = (payload: string, alg: string): Buffer =>
  Buffer.from(`${encoded(JSON.stringify({ alg }))}.${encoded(payload)}`)
const encoded = (text: string): string => Buffer.from(text).toString('base64url')

function verifiesInNode(
  alg: SigningAlgorithm,
  input: Buffer,
  key: KeyObject,
  signature: Uint8Array,
): boolean {
  const [hash, options] = asNode[alg]
  return verify(hash, input, { key, ...options }, signature)
}

async function refusalOf(asked: Promise<unknown>): Promise<AwsKmsError> {
  const refusal = await asked.catch((cause: unknown) => cause)
  expect(refusal).toBeInstanceOf(AwsKmsError)
  expect(refusal).toMatchObject({ name: 'AwsKmsError', code: 'ERR_AWS_KMS' })
  const shown = inspect(refusal, { depth: 9, showHidden: true })
  for (const hidden of [ACCOUNT, 'arn:', REQUEST_ID, ACCESS_KEY, SECRET_KEY])
    expect(shown).not.toContain(hidden)
  return refusal as AwsKmsError
}

describe('a key in KMS', () => {
  for (const { algorithm, keySpec, bytes, times } of algorithms)
    test(`${keySpec} signs ${algorithm} as others verify it, ${times} times`, async () => {
      const { keyId, publicKey } = kms.addKey(keySpec)
      const signer = await awsKmsSigner(optionsOf(keyId, { algorithm }))
      expect(signer.alg).toBe(algorithm)
      expect(signer.publicKey.equals(publicKey)).toBe(true)
      const lane = async (from: number): Promise<void> => {
        for (let at = from; at < times; at += 20) {
          const input = inputOf(`payload ${at}`, algorithm)
          const signature = await signer.sign(input)
          expect(signature).toHaveLength(bytes)
          expect(verifiesInNode(algorithm, input, publicKey, signature)).toBe(true)
          const token = `${input}.${Buffer.from(signature).toString('base64url')}`
          const { payload } = await compactVerify(token, publicKey, { algorithms: [algorithm] })
          expect(Buffer.from(payload).toString()).toBe(`payload ${at}`)
        }
      }
      await Promise.all(Array.from({ length: 20 }, (_, from) => lane(from)))
    })

  test('is named by its thumbprint, or as given', async () => {
    const { keyId, publicKey } = kms.addKey('ECC_NIST_P256')
    const thumbprint = await calculateJwkThumbprint(publicKey.export({ format: 'jwk' }) as JWK)
    expect((await awsKmsSigner(optionsOf(keyId))).kid).toBe(thumbprint)
    expect((await awsKmsSigner(optionsOf(keyId, { kid: undefined }))).kid).toBe(thumbprint)
    expect((await awsKmsSigner(optionsOf(keyId, { kid: 'access-2026' }))).kid).toBe('access-2026')
  })

  test('is the same for as long as the signer lives, wherever its alias points by then', async () => {
    const alias = 'alias/access-2026'
    const { arn } = kms.addKey('ECC_NIST_P256', { alias })
    const signer = await awsKmsSigner(optionsOf(alias))
    const { publicKey: next } = kms.addKey('ECC_NIST_P256', { alias })
    const input = inputOf('payload', 'ES256')
    const signature = await signer.sign(input)
    expect(verifiesInNode('ES256', input, signer.publicKey, signature)).toBe(true)
    expect(kms.requests.at(-1)?.body.KeyId).toBe(arn)
    expect((await awsKmsSigner(optionsOf(alias))).publicKey.equals(next)).toBe(true)
  })

  test('signs the input as it was when it was given', async () => {
    const signer = await signerOf({ algorithm: 'EdDSA' }, 'ECC_NIST_EDWARDS25519')
    const input = Buffer.from('payload')
    const signature = signer.sign(input)
    input.fill(0)
    expect(verifiesInNode('EdDSA', Buffer.from('payload'), signer.publicKey, await signature)).toBe(true)
  })

  test('is asked for its public half once, and for each signature once', async () => {
    const before = kms.requests.length
    const signer = await signerOf()
    for (const payload of ['a', 'b']) await signer.sign(Buffer.from(payload))
    expect(kms.requests.slice(before).map(({ target }) => target)).toEqual([
      'TrentService.GetPublicKey',
      'TrentService.Sign',
      'TrentService.Sign',
    ])
  })
})

describe('KMS learns', () => {
  const payload = JSON.stringify({ sub: 'user-4711', sid: 'session-0815' })

  test.each([
    ['ES256', 'ECC_NIST_P256'],
    ['RS256', 'RSA_2048'],
    ['PS256', 'RSA_2048'],
  ] as const)('of what is signed with %s its digest and nothing besides', async (algorithm, keySpec) => {
    const input = inputOf(payload, algorithm)
    await (await signerOf({ algorithm }, keySpec)).sign(input)
    const { text = '', body } = kms.requests.at(-1) ?? {}
    const digest = createHash('sha256').update(input).digest('base64')
    expect(body).toMatchObject({ MessageType: 'DIGEST', Message: digest })
    const inBase64 = Buffer.from(body?.Message ?? '', 'base64').toString('latin1')
    for (const hidden of [
      'user-4711',
      'session-0815',
      String(input),
      input.toString('base64'),
      encoded(payload),
    ])
      expect(`${text}\n${inBase64}`).not.toContain(hidden)
  })

  test('all that is signed with EdDSA, which takes no digest', async () => {
    const input = inputOf(payload, 'EdDSA')
    await (await signerOf({ algorithm: 'EdDSA' }, 'ECC_NIST_EDWARDS25519')).sign(input)
    expect(kms.requests.at(-1)?.body).toMatchObject({ MessageType: 'RAW', Message: input.toString('base64') })
  })

  test('with EdDSA no more than 4096 bytes', async () => {
    const signer = await signerOf({ algorithm: 'EdDSA' }, 'ECC_NIST_EDWARDS25519')
    await signer.sign(Buffer.alloc(4096))
    const { message } = await refusalOf(signer.sign(Buffer.alloc(4097)))
    expect(message).toBe('AWS KMS: Sign failed with ValidationException')
  })
})

describe('a key that does not fit is refused at start:', () => {
  const p256 = 'a key of the spec ECC_NIST_P256 for ES256'
  const rsa = 'a key of the spec RSA_2048 or RSA_3072 or RSA_4096 for'
  const ed = 'a key of the spec ECC_NIST_EDWARDS25519 for EdDSA'
  // biome-ignore format: one row, one line
  const misfits = [
    { keySpec: 'ECC_NIST_P384', algorithm: 'ES256', allowed: p256 },
    { keySpec: 'ECC_NIST_P521', algorithm: 'ES256', allowed: p256 },
    { keySpec: 'ECC_SECG_P256K1', algorithm: 'ES256', allowed: p256 },
    { keySpec: 'ECC_NIST_EDWARDS25519', algorithm: 'ES256', allowed: p256 },
    { keySpec: 'RSA_2048', algorithm: 'ES256', allowed: p256 },
    { keySpec: 'ECC_NIST_P256', algorithm: 'RS256', allowed: `${rsa} RS256` },
    { keySpec: 'ECC_NIST_P256', algorithm: 'PS256', allowed: `${rsa} PS256` },
    { keySpec: 'ECC_NIST_P256', algorithm: 'EdDSA', allowed: ed },
    { keySpec: 'RSA_2048', algorithm: 'EdDSA', allowed: ed },
  ] as const
  for (const { keySpec, algorithm, allowed } of misfits)
    test(`${keySpec} for ${algorithm}`, async () => {
      const { option, message } = await configFault(() => signerOf({ algorithm }, keySpec))
      expect(option).toBe('awsKms.keyId')
      expect(message).toBe(`"awsKms.keyId" must be ${allowed}; got "${keySpec}"`)
    })

  test.each([
    ['RSA_2048', 'RS256', 'ENCRYPT_DECRYPT'],
    ['ECC_NIST_P256', 'ES256', 'KEY_AGREEMENT'],
  ] as const)('%s for %s whose usage is %s', async (keySpec, algorithm, keyUsage) => {
    const { keyId } = kms.addKey(keySpec, { keyUsage })
    const { option, message } = await configFault(() => awsKmsSigner(optionsOf(keyId, { algorithm })))
    expect(option).toBe('awsKms.keyId')
    expect(message).toContain(`a key whose usage is SIGN_VERIFY; got "${keyUsage}"`)
  })

  const spkiOf = (keySpec: string): string =>
    kms.addKey(keySpec).publicKey.export({ type: 'spki', format: 'der' }).toString('base64')

  test('one that is of another kind than it says', async () => {
    kms.next({ give: { PublicKey: spkiOf('RSA_2048') } })
    const { option, message } = await configFault(() => signerOf())
    expect(option).toBe('awsKms.keyId')
    expect(message).toContain('a key for ES256; got one for RS256')
  })

  test('one on another curve than it says', async () => {
    kms.next({ give: { PublicKey: spkiOf('ECC_NIST_P384') } })
    const { option, message } = await configFault(() => signerOf())
    expect(option).toBe('awsKms.keyId')
    expect(message).toContain('on the curve P-256')
  })

  test.each([
    ['missing', undefined],
    ['bytes that are no key', 'c2FsbHlwb3J0'],
  ])('one whose public half is %s', async (_what, PublicKey) => {
    kms.next({ give: { PublicKey } })
    expect((await refusalOf(signerOf())).message).toBe(
      'AWS KMS: GetPublicKey gave something that is not a public key',
    )
  })

  test.each(['', 'a b', 'k'.repeat(129), 5, null])('one by the name %j', async (kid) => {
    const fault = await configFault(() => signerOf({ kid: kid as string }))
    expect(fault.option).toBe('awsKms.kid')
    expect(fault.message).toContain('1 to 128 printable ASCII characters')
  })
})

const refusals: readonly string[] = [
  'AccessDeniedException',
  'NotFoundException',
  'DisabledException',
  'KMSInvalidStateException',
  'ExpiredTokenException',
  'SomethingNewException',
]

describe('a refusal of KMS is told by its name alone:', () => {
  for (const refuse of refusals)
    test(`${refuse}, at start and at a signature`, async () => {
      kms.next({ refuse })
      const start = await refusalOf(signerOf())
      expect(start.message).toBe(`AWS KMS: GetPublicKey failed with ${refuse}`)
      const signer = await signerOf()
      kms.next({ refuse })
      const { message } = await refusalOf(signer.sign(Buffer.from('payload')))
      expect(message).toBe(`AWS KMS: Sign failed with ${refuse}`)
      await signer.sign(Buffer.from('payload'))
    })

  test('of a key that there is not', async () => {
    const { message } = await refusalOf(awsKmsSigner(optionsOf('alias/unknown')))
    expect(message).toBe('AWS KMS: GetPublicKey failed with NotFoundException')
  })

  test('a name that is none is left out', async () => {
    const signer = await signerOf()
    kms.next({ refuse: `${ACCOUNT} may not` })
    const { message } = await refusalOf(signer.sign(Buffer.from('payload')))
    expect(message).toMatch(/^AWS KMS: Sign failed with [\w ]+$/)
  })

  test('what is said for want of credentials is not repeated', async () => {
    const client = clientOf({
      credentials: () => Promise.reject(new Error(`no profile for arn:aws:iam::${ACCOUNT}:user/x`)),
    })
    const { message } = await refusalOf(signerOf({ client }))
    expect(message).toBe('AWS KMS: GetPublicKey failed with Error')
  })

  test('nor what is thrown and is no error', async () => {
    const client = clientOf({ credentials: () => Promise.reject(undefined) })
    await refusalOf(signerOf({ client }))
  })
})

describe('while KMS is troubled', () => {
  const throttled: Behaviour = { refuse: 'ThrottlingException' }

  test('the client asks again, as it is set up to', async () => {
    const signer = await signerOf()
    const before = kms.requests.length
    kms.next(throttled, 'close')
    await signer.sign(Buffer.from('payload'))
    expect(kms.requests.length - before).toBe(3)
  })

  test('a signature is refused when the client gives up', async () => {
    const signer = await signerOf({ client: clientOf({ maxAttempts: 2 }) })
    kms.next(throttled, throttled)
    const { message } = await refusalOf(signer.sign(Buffer.from('payload')))
    expect(message).toBe('AWS KMS: Sign failed with ThrottlingException')
    await signer.sign(Buffer.from('payload'))
  })

  test('a lost connection is told by its code', async () => {
    const signer = await signerOf({ client: clientOf({ maxAttempts: 1 }) })
    kms.next('close')
    const { message } = await refusalOf(signer.sign(Buffer.from('payload')))
    expect(message).toBe('AWS KMS: Sign failed with ECONNRESET')
  })

  test('a refused connection is told by its code', async () => {
    const gone = await startKms()
    await gone.stop()
    const client = clientOf({ endpoint: gone.endpoint, maxAttempts: 1 })
    const { message } = await refusalOf(signerOf({ client }))
    expect(message).toBe('AWS KMS: GetPublicKey failed with ECONNREFUSED')
  })

  test.each(['hang', 'hang amid the answer'] as const)(
    'nothing waits longer than the time given: %s',
    async (behaviour) => {
      kms.next(behaviour)
      const start = await refusalOf(signerOf({ timeoutMs: 100 }))
      expect(start.message).toBe('AWS KMS: GetPublicKey was not answered within 100 ms')

      const client = clientOf()
      const { keyId } = kms.addKey('ECC_NIST_P256')
      const signer = await awsKmsSigner(optionsOf(keyId, { client, timeoutMs: 1000, concurrency: 1 }))
      kms.next(behaviour)
      const { message } = await refusalOf(signer.sign(Buffer.from('payload')))
      expect(message).toBe('AWS KMS: Sign was not answered within 1000 ms')
      await vi.waitFor(() => signer.sign(Buffer.from('payload')), WAIT_MS)
    },
  )

  test('a process that is held up for longer than the time given still takes the signature', async () => {
    const signer = await signerOf({ timeoutMs: 100 })
    for (const payload of ['a', 'b', 'c']) {
      const signature = signer.sign(Buffer.from(payload))
      await turn()
      holdUp(250)
      expect(await signature).toHaveLength(64)
    }
  })

  test('nor for the waits of the client between its attempts', async () => {
    const client = clientOf({ maxAttempts: 100 })
    const signer = await signerOf({ client, timeoutMs: 1000 })
    kms.next(...Array.from({ length: 100 }, () => throttled))
    const { message } = await refusalOf(signer.sign(Buffer.from('payload')))
    expect(message).toBe('AWS KMS: Sign was not answered within 1000 ms')
  })

  test('nor for credentials that never come', async () => {
    const client = clientOf({ credentials: () => new Promise(() => {}) })
    const { message } = await refusalOf(signerOf({ client, timeoutMs: 50 }))
    expect(message).toBe('AWS KMS: GetPublicKey was not answered within 50 ms')
  })

  test('no more signatures are under way than allowed, and none is queued', async () => {
    const signer = await signerOf({ concurrency: 3 })
    const before = kms.requests.length
    const release = kms.hold()
    const underWay = ['a', 'b', 'c'].map((payload) => signer.sign(Buffer.from(payload)))
    for (const payload of ['d', 'e']) {
      const { message } = await refusalOf(signer.sign(Buffer.from(payload)))
      expect(message).toBe('AWS KMS: 3 signatures are in progress already')
    }
    release()
    expect(await Promise.all(underWay)).toHaveLength(3)
    expect(kms.requests.length - before).toBe(3)
    await Promise.all(['f', 'g', 'h'].map((payload) => signer.sign(Buffer.from(payload))))
  })
})

describe('no signature is handed out', () => {
  const input = Buffer.from('payload')
  /** What KMS gives for a message. */
  const made = ({ privateKey: key }: KmsKey, algorithm: SigningAlgorithm, message = input): Buffer => {
    const [hash, options] = asNode[algorithm]
    return sign(hash, message, { ...options, key, dsaEncoding: 'der' })
  }
  async function expectRefused(keyId: string, algorithm: SigningAlgorithm, given?: Buffer): Promise<void> {
    const signer = await awsKmsSigner(optionsOf(keyId, { algorithm }))
    kms.next({ give: { Signature: given?.toString('base64') } })
    const { message } = await refusalOf(signer.sign(input))
    expect(message).toBe('AWS KMS: Sign gave something that is not a signature by this key')
  }

  describe.each(algorithms.slice(0, 4))('with $algorithm', ({ algorithm, keySpec }) => {
    // biome-ignore format: one row, one line
    const wrong: Readonly<Record<string, (key: KmsKey) => Buffer | undefined>> = {
      'that another key made': () => made(kms.addKey(keySpec), algorithm),
      'of another message': (key) => made(key, algorithm, Buffer.from('payloaf')),
      'that is cut short': (key) => made(key, algorithm).subarray(0, -1),
      'that goes on': (key) => Buffer.concat([made(key, algorithm), Buffer.alloc(1)]),
      'that is empty': () => Buffer.alloc(0),
      'that is all zeros': () => Buffer.alloc(64),
      'that is missing': () => undefined,
    }
    for (const [what, make] of Object.entries(wrong))
      test(what, async () => {
        const key = kms.addKey(keySpec)
        await expectRefused(key.keyId, algorithm, make(key))
      })
  })

  test.each([
    ['RS256', 'PS256'],
    ['PS256', 'RS256'],
  ] as const)('with %s that the key made with %s', async (algorithm, other) => {
    const key = kms.addKey('RSA_2048')
    await expectRefused(key.keyId, algorithm, made(key, other))
  })

  test('with PS256 whose salt is not as long as the hash', async () => {
    const { keyId, privateKey } = kms.addKey('RSA_2048')
    const padding = constants.RSA_PKCS1_PSS_PADDING
    await expectRefused(keyId, 'PS256', sign('sha256', input, { key: privateKey, padding, saltLength: 20 }))
  })

  test('with ES256 that has the form of JWS already', async () => {
    const { keyId, privateKey } = kms.addKey('ECC_NIST_P256')
    const raw = sign('sha256', input, { key: privateKey, dsaEncoding: 'ieee-p1363' })
    await expectRefused(keyId, 'ES256', raw)
  })
})

test('the client is loaded when the first signer is made, not before', async () => {
  const script = `
    import { createRequire } from 'node:module'
    import { awsKmsSigner } from '@sallyport/aws-kms'
    const { cache } = createRequire(import.meta.url)
    const isLoaded = () => Object.keys(cache).some((path) => path.includes('client-kms'))
    const before = isLoaded()
    const client = { send: () => Promise.reject(new Error()) }
    await awsKmsSigner({ client, keyId: 'alias/access', algorithm: 'ES256' }).catch(() => {})
    console.log(before, isLoaded())`
  const cwd = fileURLToPath(new URL('../../', import.meta.url))
  const args = ['--input-type=module', '--eval', script]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd })
  expect(stdout).toBe('false true\n')
})
