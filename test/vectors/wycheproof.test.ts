import { readFileSync } from 'node:fs'
import { createSallyport, memoryStore } from '@sallyport/core'
import { describe, expect, test } from 'vitest'
import { readJwk } from '../../packages/core/src/keys/jwk/jwk.ts'
import { decryptClaim, privateKeyOf } from '../../packages/core/src/tokens/custom/sealed-claim.ts'
import { folder } from './folder.ts'
import { refusalOf } from './refusal.ts'

/**
 * Wycheproof's JOSE vectors (github.com/C2SP/wycheproof, Apache-2.0), where they lie beside the repository. They go
 * through the checks that every key and every token goes through.
 */

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
  JSON.parse(readFileSync(`${folder}wycheproof/${name}_test.json`, 'utf8')).testGroups

/** Marked invalid, but byte by byte the valid 357 (see the vectors' notes upstream). */
const WRONGLY_INVALID = [367, 370]

/** Valid ones that are for nobody here: symmetric keys, other curves and hashes, sets of keys in the place of one. */
const ELSEWHERE =
  /a symmetric one|"[RP]S(384|512)"|on the curve P-256|a complete and valid EC, OKP or RSA key/
/** Empty payloads, and a header that names another algorithm than its key. */
const REFUSED = [259, 272, 346, 350]

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

describe('JOSE vectors', () => {
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
