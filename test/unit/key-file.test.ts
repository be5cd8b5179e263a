import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSallyport, memoryStore, readKeyFile } from '@sallyport/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { generateSigningKey, privateJwk, publicJwk, readJwk } from '../../packages/core/src/keys/jwk/jwk.ts'
import { isRoca } from '../../packages/core/src/keys/jwk/roca.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-keys-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function file(content: string, mode = 0o600): Promise<string> {
  const path = join(folder, `${Math.random()}`)
  await writeFile(path, content)
  await chmod(path, mode)
  return path
}
const es = await generateSigningKey('ES256')
const ed = await generateSigningKey('EdDSA')
const rsa = await generateSigningKey('RS256')
const pem = (type: 'pkcs8' | 'sec1' | 'pkcs1', { privateKey } = es): string =>
  privateKey.export({ type, format: 'pem' } as never).toString()
const PUBLIC = es.publicKey.export({ type: 'spki', format: 'pem' }).toString()

describe('a file with keys', () => {
  test.each<[string, string, number]>([
    ['a JWK', JSON.stringify(privateJwk(es)), 1],
    ['a JWK Set', JSON.stringify({ keys: [privateJwk(es), publicJwk(ed)] }), 2],
    ['PKCS #8', pem('pkcs8'), 1],
    ['SEC 1', pem('sec1'), 1],
    ['PKCS #1', pem('pkcs1', rsa), 1],
    [
      'two private keys and a public one in PEM, with words around',
      `a key\n${pem('pkcs8', ed)}\n${pem('sec1')}\n${PUBLIC}`,
      3,
    ],
  ])('is read: %s', async (_what, content, count) => {
    const keys = await readKeyFile(await file(content))
    expect(keys).toHaveLength(count)
    for (const key of keys) expect((await readJwk(key, 'access.keys')).kid).toBeTruthy()
  })

  test('signs tokens', async () => {
    const keys = await readKeyFile(await file(pem('pkcs8')))
    const sallyport = await createSallyport({ store: memoryStore(), access: { keys } })
    expect(sallyport.keys.list()).toMatchObject([{ alg: 'ES256', state: 'active', kid: es.kid }])
    await sallyport.close()
  })

  test.each([0o640, 0o604, 0o644, 0o660, 0o610])('that others can reach is refused: %o', async (mode) => {
    const path = await file(pem('pkcs8'), mode)
    await expect(readKeyFile(path)).rejects.toMatchObject({
      option: 'access.keys',
      message: `the key file "${path}" can be reached by others than its owner (mode ${mode.toString(8)}): run chmod 600 on it`,
    })
  })

  test.each([
    ['nothing', ''],
    ['no key', 'hello'],
    ['an array', '[1]'],
    ['a string', '"key"'],
    ['PEM of something else', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'],
    ['broken PEM', '-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----'],
  ])('with %s is refused, without showing it', async (_what, content) => {
    const path = await file(content)
    const fault = await readKeyFile(path).catch((error) => error)
    expect(fault).toMatchObject({ name: 'ConfigError', option: 'access.keys' })
    expect(fault.message).toBe(
      `the key file "${path}" holds no key that can be read: put a JWK, a JWK Set or PEM in it`,
    )
  })

  test('that is not there, or too long, is refused', async () => {
    await expect(readKeyFile(join(folder, 'none'))).rejects.toMatchObject({
      option: 'access.keys',
      message: /"[^"]+none" cannot be opened: check its path and its permissions$/,
    })
    await expect(readKeyFile(await file(' '.repeat(300_000)))).rejects.toMatchObject({ message: /256 KiB/ })
  })
})

describe('the ROCA flaw', () => {
  /** A modulus as the flawed library made it: a power of 65537 by the product of the small primes. */
  function flawed(): object {
    let product = 1n
    for (const prime of [
      2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101,
      103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
    ])
      product *= BigInt(prime)
    let power = 1n
    for (let round = 0; round < 12_345; round++) power = (power * 65_537n) % product
    const modulus = ((1n << 2047n) / product) * product + product + power
    return { kty: 'RSA', e: 'AQAB', n: Buffer.from(modulus.toString(16), 'hex').toString('base64url') }
  }

  test('is found, and such a key refused', async () => {
    await expect(readJwk(flawed(), 'access.keys.0')).rejects.toMatchObject({ message: /ROCA/ })
  })

  test('is not found in keys that have none', async () => {
    for (const key of [rsa, es, ed, await generateSigningKey('PS256')])
      expect(isRoca(key.publicKey)).toBe(false)
  })
})
