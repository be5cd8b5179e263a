import { randomBytes } from 'node:crypto'
import { CompactEncrypt, UnsecuredJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { generateSigningKey, privateJwk } from '../../packages/core/src/keys/jwk/jwk.ts'
import { createKeySeal } from '../../packages/core/src/keys/seal.ts'
import { type DerivedKeys, deriveKeys } from '../../packages/core/src/secrets.ts'

const [secret] = deriveKeys([randomBytes(32)], 'https://auth.example.com')
const [other] = deriveKeys([randomBytes(32)], 'https://auth.example.com')
const seal = createKeySeal([secret])
const key = { ...(await generateSigningKey('EdDSA')), signsFrom: 1_795_000_000_000 }
const sealed = await seal.seal(key)

function encrypt(
  plain: string,
  header: { alg: string; enc: string; kid?: string; zip?: string },
  by: DerivedKeys,
) {
  return new CompactEncrypt(Buffer.from(plain)).setProtectedHeader(header).encrypt(by.keyEncryption)
}
const HEADER = { alg: 'dir', enc: 'A256GCM', kid: secret.id }
const PLAIN = JSON.stringify({ jwk: privateJwk(key), signsFrom: key.signsFrom })

describe('a sealed key', () => {
  test.each(['EdDSA', 'ES256', 'RS256', 'PS256'] as const)(
    'of %s is the same when it is opened',
    async (alg) => {
      const fresh = { ...(await generateSigningKey(alg)), signsFrom: 5 }
      const opened = await seal.unseal(await seal.seal(fresh))
      expect(opened).toMatchObject({ kid: fresh.kid, alg, signsFrom: 5 })
      expect(opened?.privateKey.equals(fresh.privateKey)).toBe(true)
      expect(opened?.publicKey.equals(fresh.publicKey)).toBe(true)
    },
  )

  test('shows nothing of the key but its name', () => {
    const { d = '', x = '' } = key.privateKey.export({ format: 'jwk' })
    const parts = sealed.sealed.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'))
    for (const part of [sealed.sealed, ...parts]) {
      expect(part).not.toContain(d)
      expect(part).not.toContain(x)
    }
  })

  test('is sealed anew each time', async () => {
    expect((await seal.seal(key)).sealed).not.toBe(sealed.sealed)
  })

  test('is opened by a list of secrets that holds its own, wherever it stands', async () => {
    for (const secrets of [
      [secret, other],
      [other, secret],
    ] as const)
      expect(await createKeySeal(secrets).unseal(sealed)).toMatchObject({ kid: key.kid })
    expect(await createKeySeal([other]).unseal(sealed)).toBeUndefined()
  })

  test('is not opened when a single character of it is another', async () => {
    for (let at = 0; at < sealed.sealed.length; at += 7) {
      const letter = sealed.sealed[at] === 'A' ? 'B' : 'A'
      const changed = sealed.sealed.slice(0, at) + letter + sealed.sealed.slice(at + 1)
      if (
        Buffer.from(changed.split('.')[4] ?? '', 'base64url').toString('base64url') !== changed.split('.')[4]
      )
        continue
      expect(await seal.unseal({ kid: key.kid, sealed: changed }), `at ${at}`).toBeUndefined()
    }
  })

  test('is not opened under another name than its own', async () => {
    expect(await seal.unseal({ kid: 'other', sealed: sealed.sealed })).toBeUndefined()
  })

  test.each([
    ['nothing', ''],
    ['a text', 'sealed'],
    ['dots', '....'],
    ['a token without signature', new UnsecuredJWT({}).encode()],
    ['a header without a name', `${Buffer.from('{"alg":"dir"}').toString('base64url')}....`],
  ])('is not %s', async (_what, text) => {
    expect(await seal.unseal({ kid: key.kid, sealed: text })).toBeUndefined()
  })

  test('is not what is encrypted otherwise, though under the right secret', async () => {
    const shorter = await encrypt(PLAIN, { ...HEADER, enc: 'A128CBC-HS256' }, secret)
    expect(await seal.unseal({ kid: key.kid, sealed: shorter })).toBeUndefined()
    expect(await seal.unseal({ kid: key.kid, sealed: await encrypt(PLAIN, HEADER, secret) })).toBeDefined()
  })

  test('is not what only claims to be under the right secret', async () => {
    const forged = await encrypt(PLAIN, HEADER, other)
    expect(await seal.unseal({ kid: key.kid, sealed: forged })).toBeUndefined()
  })

  test('is not a public key, and not what is no key', async () => {
    const { d: _, ...open } = privateJwk(key)
    for (const plain of [JSON.stringify(open), 'null', '[]', 'no JSON'])
      expect(
        await seal.unseal({ kid: key.kid, sealed: await encrypt(plain, HEADER, secret) }),
      ).toBeUndefined()
  })
})
