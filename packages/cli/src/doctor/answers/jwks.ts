import type { KeyInfo } from '@sallyport/core'
import { type Answer, type Examined, isObject, objectIn, short } from './ask.ts'

const PATH = '/.well-known/jwks.json'
const PRIVATE: readonly string[] = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']
const ASYMMETRIC = /^(?:EdDSA|Ed25519|Ed448|[EPR]S(?:256|384|512)|ML-DSA-(?:44|65|87))$/
const MIN_RSA_BITS = 2048
const DAY = 86_400

/** Judges the JWK Set that the deployment serves. */
export async function judgeJwks(
  { ask, found }: Examined,
  keys: readonly KeyInfo[] | undefined,
): Promise<Answer | undefined> {
  const answer = await ask({ method: 'GET', path: PATH })
  if (answer === undefined) return undefined
  const set = objectIn(answer.body)
  if (answer.status !== 200 || !Array.isArray(set?.keys)) {
    found({ id: 'jwks-unreadable', seen: `${PATH}: ${answer.status}` })
    return answer
  }
  const served = set.keys.filter(isObject)
  for (const [index, key] of served.entries()) {
    const name = `${PATH}: key ${typeof key.kid === 'string' ? short(key.kid) : index + 1}`
    for (const [id, seen] of faultsOf(key)) found({ id, seen: `${name} ${seen}` })
  }
  const kids = served.map(({ kid }) => kid)
  if (kids.some((kid, index) => typeof kid !== 'string' || kids.indexOf(kid) !== index))
    found({ id: 'jwks-unnamed', seen: `${PATH}: ${kids.length} keys, ${new Set(kids).size} names` })
  const signing = keys?.find(({ state }) => state === 'active')
  if (signing !== undefined && !kids.includes(signing.kid))
    found({ id: 'jwks-foreign', seen: `${PATH}: without ${signing.kid}` })
  const maxAge = /(?:^|[\s,])max-age="?(\d+)/i.exec(answer.header('cache-control'))?.[1]
  if (Number(maxAge ?? 0) > DAY) found({ id: 'jwks-cached-long', seen: `${PATH}: max-age=${maxAge}` })
  return answer
}

function* faultsOf(key: Readonly<Record<string, unknown>>): Generator<readonly [id: string, seen: string]> {
  const { kty, alg, use, n } = key
  const members = PRIVATE.filter((name) => name in key)
  if (members.length > 0 || kty === 'oct') yield ['jwks-private', `has ${members.join(', ') || 'kty oct'}`]
  if (alg === undefined) yield ['jwks-no-algorithm', 'has no alg']
  else if (typeof alg !== 'string' || !ASYMMETRIC.test(alg))
    yield ['jwks-bad-algorithm', `has the alg ${short(String(alg))}`]
  if (use !== 'sig' && !Array.isArray(key.key_ops)) yield ['jwks-use', 'has no use sig']
  const bits = typeof n === 'string' ? Buffer.from(n, 'base64url').length * 8 : undefined
  if (bits !== undefined && bits < MIN_RSA_BITS) yield ['jwks-weak', `has ${bits} bits`]
}
