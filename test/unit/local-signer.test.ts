import { generateKeyPairSync, sign } from 'node:crypto'
import { createSallyport, memoryStore } from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import { compactVerify } from 'jose'
import { expect, test } from 'vitest'
import { generateSigningKey } from '../../packages/core/src/keys/jwk/jwk.ts'
import { localSigner } from '../../packages/core/src/keys/local-signer.ts'
import { foreignPromise } from '../support/foreign-promise.ts'
import { viewOf } from './view.ts'

test.each([
  ['EdDSA', 64],
  ['ES256', 64],
  ['RS256', 256],
  ['PS256', 256],
] as const)('%s signs in the form of RFC 7518, as another implementation verifies it', async (alg, bytes) => {
  const key = await generateSigningKey(alg)
  const signer = localSigner(key)
  expect(signer).toMatchObject({ kid: key.kid, alg })
  const header = Buffer.from(JSON.stringify({ alg })).toString('base64url')
  for (let times = 0; times < 20; times++) {
    const input = `${header}.${Buffer.from(`payload ${times}`).toString('base64url')}`
    const signature = await signer.sign(Buffer.from(input))
    expect(signature).toHaveLength(bytes)
    const token = `${input}.${Buffer.from(signature).toString('base64url')}`
    const { payload } = await compactVerify(token, key.publicKey, { algorithms: [alg] })
    expect(Buffer.from(payload).toString()).toBe(`payload ${times}`)
  }
})

test('a signature may come in a promise of another library', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const signer = {
    kid: 'k1',
    alg: 'EdDSA',
    publicKey,
    sign: (input: Uint8Array) => foreignPromise(Promise.resolve(sign(null, input, privateKey))),
  } as const
  const sallyport = await createSallyport({
    store: memoryStore(),
    access: { signers: [signer as unknown as typeof signer & { sign(): Uint8Array }] },
  })
  const { accessToken } = await gateOf(sallyport).sessions.start(viewOf({}), { subject: 'u1' })
  expect(await sallyport.tokens.verify(accessToken)).toMatchObject({ kind: 'valid' })
  await sallyport.close()
})
