import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createSallyport, memoryStore } from '@sallyport/core'
import { decodeProtectedHeader } from 'jose'
import { describe, expect, test } from 'vitest'
import { readJwk } from '../../packages/core/src/keys/jwk.ts'
import type { VerificationKey } from '../../packages/core/src/ports/signer.ts'
import { isCompact, signedPayload } from '../../packages/core/src/tokens/compact.ts'
import { decryptClaim, privateKeyOf } from '../../packages/core/src/tokens/sealed-claim.ts'

/**
 * Wycheproof's JOSE vectors (github.com/C2SP/wycheproof, Apache-2.0), where they lie beside the repository. They go
 * through the checks that every key and every token goes through.
 */
const folder = fileURLToPath(new URL('../../../shared/vectors/wycheproof/', import.meta.url))
const isThere = existsSync(folder)
if (!isThere) console.log(`vectors: ${folder} is not there, so Wycheproof's are not run`)

interface Vector {
  readonly tcId: number
  readonly comment: string
  readonly jws?: string
  readonly jwe?: string
  readonly pt?: string
  readonly result: 'valid' | 'invalid'
  readonly flags: readonly string[]
}
interface Group {
  readonly comment: string
  readonly private: Readonly<Record<string, unknown>>
  readonly public?: Readonly<Record<string, unknown>>
  readonly tests: readonly Vector[]
}
const groupsOf = (name: string): readonly Group[] =>
  isThere ? JSON.parse(readFileSync(`${folder}${name}_test.json`, 'utf8')).testGroups : []

/** Marked invalid, but byte by byte the valid 357 (see the vectors' notes upstream). */
const WRONGLY_INVALID = [367, 370]

/** Valid ones that are for nobody here: symmetric keys, other curves and hashes, sets of keys in the place of one. */
const ELSEWHERE = /a symmetric one|"[RP]S(384|512)"|on the curve P-256|a readable EC, OKP or RSA key/
/** Empty payloads, and a header that names another algorithm than its key. */
const REFUSED = [259, 272, 346, 350]

/** Why a token is refused; nothing when it is accepted. */
async function refusalOf(jws: string, key: VerificationKey): Promise<string | undefined> {
  if (!isCompact(jws)) return 'it is not a compact JWS in its one spelling'
  let alg: unknown
  try {
    alg = decodeProtectedHeader(jws).alg
  } catch {
    return 'its header is malformed'
  }
  if (alg !== key.alg) return 'its algorithm is not that of the key'
  return (await signedPayload(jws, key)) === undefined ? 'its signature does not fit' : undefined
}

async function outcomes(name: string): Promise<readonly { vector: Vector; refusal: string | undefined }[]> {
  const all: { vector: Vector; refusal: string | undefined }[] = []
  for (const group of groupsOf(name)) {
    const jwk = group.public ?? group.private
    const key = await readJwk(jwk, 'keys').catch((fault: Error) => fault.message)
    for (const vector of group.tests)
      if (vector.jws !== undefined) {
        const refusal = typeof key === 'string' ? key : await refusalOf(vector.jws, key)
        all.push({ vector, refusal })
      }
  }
  return all
}

describe.runIf(isThere)('JOSE vectors', () => {
  test.each([
    ['json_web_signature', 401],
    ['json_web_crypto', 45],
  ])('%s: nothing that is wrong is accepted, each refusal has its reason', async (name, count) => {
    const all = await outcomes(name)
    expect(all.length).toBeGreaterThanOrEqual(count)
    const accepted = all.filter(({ refusal }) => refusal === undefined)
    const wrongly = accepted.filter(
      ({ vector: { result, tcId } }) => result !== 'valid' && !WRONGLY_INVALID.includes(tcId),
    )
    expect(wrongly.map(({ vector }) => `${vector.tcId} ${vector.comment}`)).toEqual([])
    const refused = all.filter(({ vector, refusal }) => vector.result === 'valid' && refusal !== undefined)
    const surprising = refused.filter(
      ({ vector, refusal = '' }) => !ELSEWHERE.test(refusal) && !REFUSED.includes(vector.tcId),
    )
    expect(surprising.map(({ vector, refusal }) => `${vector.tcId} ${vector.comment}: ${refusal}`)).toEqual(
      [],
    )
  })

  test('json_web_key: no ring with keys of two kinds, two keys of one name or a weak key accepts a wrong token', async () => {
    for (const group of groupsOf('json_web_key')) {
      const set = group.public ?? group.private
      const keys = (Array.isArray(set.keys) ? set.keys : [set]) as object[]
      const ring = await createSallyport({ store: memoryStore(), access: { keys } }).catch(
        (fault: Error) => fault,
      )
      if (!(ring instanceof Error)) await ring.close()
      const read = await Promise.all(keys.map((key) => readJwk(key, 'keys').catch(() => undefined)))
      for (const vector of group.tests) {
        if (vector.result === 'valid' || ring instanceof Error) continue
        const refusals = await Promise.all(
          read.map((key) => (key === undefined ? 'no key' : refusalOf(vector.jws ?? '', key))),
        )
        expect(refusals, `${vector.tcId} ${vector.comment}`).not.toContain(undefined)
      }
    }
  })

  test('json_web_encryption: nothing that is wrong is opened', async () => {
    let opened = 0
    let seen = 0
    for (const name of ['json_web_encryption', 'json_web_crypto'])
      for (const group of groupsOf(name)) {
        const key = await privateKeyOf(group.private, 'keys').catch(() => undefined)
        for (const { jwe, result, pt, tcId, comment } of group.tests) {
          if (jwe === undefined) continue
          seen++
          const got = await decryptClaim(jwe, () => key)
          if (got === undefined) continue
          opened++
          expect(result, `${name} ${tcId} ${comment}`).toBe('valid')
          if (pt !== undefined) expect(Buffer.from(got.plain).toString('hex')).toBe(pt)
        }
      }
    console.log(`${opened} of ${seen} JWE opened`)
    expect(seen).toBeGreaterThanOrEqual(139)
  })
})

/** RFC 7520's examples (github.com/ietf-jose/cookbook, public domain), where they lie there too. */
const cookbook = fileURLToPath(new URL('../../../shared/vectors/jose-cookbook/', import.meta.url))

describe.runIf(existsSync(cookbook))('examples of RFC 7520', () => {
  const read = (name: string) => JSON.parse(readFileSync(`${cookbook}${name}.json`, 'utf8'))

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

describe('examples of the standards', () => {
  test('RFC 7638, 3.1: the thumbprint is the name of a key', async () => {
    const jwk = {
      kty: 'RSA',
      n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
      e: 'AQAB',
      alg: 'RS256',
    }
    expect((await readJwk(jwk, 'keys')).kid).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs')
  })

  const JWS: readonly (readonly [string, object, string])[] = [
    [
      'RFC 7515, A.2 (RS256)',
      {
        kty: 'RSA',
        n: 'ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ',
        e: 'AQAB',
      },
      'eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw',
    ],
    [
      'RFC 7515, A.3 (ES256)',
      {
        kty: 'EC',
        crv: 'P-256',
        x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
        y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
      },
      'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q',
    ],
    [
      'RFC 8037, A.4 (EdDSA)',
      { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' },
      'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg',
    ],
  ]
  for (const [name, jwk, jws] of JWS) {
    test(`${name} verifies, and not with a bit changed`, async () => {
      const key = await readJwk(jwk, 'keys')
      expect(await refusalOf(jws, key)).toBeUndefined()
      const at = jws.lastIndexOf('.') + 5
      const changed = jws.slice(0, at) + (jws[at] === 'A' ? 'B' : 'A') + jws.slice(at + 1)
      expect(await refusalOf(changed, key)).toBe('its signature does not fit')
    })
  }

  test('RFC 7515, A.5 (none) and A.1 (HS256) are refused by every key', async () => {
    const payload =
      'eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ'
    const none = `eyJhbGciOiJub25lIn0.${payload}.`
    const hs = `eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.${payload}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk`
    for (const [, jwk] of JWS)
      for (const text of [none, hs])
        expect(await refusalOf(text, await readJwk(jwk, 'keys'))).not.toBeUndefined()
  })
})
