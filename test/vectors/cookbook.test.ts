import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readJwk } from '../../packages/core/src/keys/jwk/jwk.ts'
import { decryptClaim, privateKeyOf } from '../../packages/core/src/tokens/custom/sealed-claim.ts'
import { folder } from './folder.ts'
import { refusalOf } from './refusal.ts'

/** RFC 7520's examples (github.com/ietf-jose/cookbook, public domain), */

describe('examples of RFC 7520', () => {
  const read = (name: string) => JSON.parse(readFileSync(`${folder}jose-cookbook/${name}.json`, 'utf8'))

  test('4.1 (RS256) verifies', async () => {
    const { input, output } = read('jws/4_1.rsa_v15_signature')
    expect(await refusalOf(output.compact, await readJwk(input.key, 'keys', 'RS256'))).toBeUndefined()
  })

  test.each([
    'jws/4_2.rsa-pss_signature',
    'jws/4_3.ecdsa_signature',
    'jws/4_4.hmac-sha2_integrity_protection',
  ])('%s is by what nobody here takes', async (name) => {
    const { input, output } = read(name)
    const key = await readJwk(input.key, 'keys').catch((fault: Error) => fault.message)
    expect(typeof key === 'string' ? key : await refusalOf(output.compact, key)).toMatch(/must be|algorithm/)
  })

  test.each([
    'jwe/5_1.key_encryption_using_rsa_v15_and_aes-hmac-sha2',
    'jwe/5_3.key_wrap_using_pbes2-aes-keywrap_with-aes-cbc-hmac-sha2',
    'jwe/5_6.direct_encryption_using_aes-gcm',
    'jwe/5_9.compressed_content',
  ])('%s is not opened', async (name) => {
    const { input, output } = read(name)
    const key = await privateKeyOf(input.key ?? {}, 'keys').catch(() => undefined)
    expect(await decryptClaim(output.compact, () => key)).toBeUndefined()
  })
})
