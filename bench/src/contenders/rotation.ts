import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import jwt from 'jsonwebtoken'
import { AUDIENCE, ISSUER, SCOPE, type Setup } from '../setup.ts'
import { type BenchKey, claimsOf, readKey, signToken, subjectOf } from '../tokens.ts'
import type { Rotator } from './catalogue.ts'

const ACCESS_SECONDS = 900
const REFRESH_SECONDS = 7 * 24 * 3600
const COOKIE = '__Host-refresh'

interface Pair {
  readonly accessToken: string
  readonly refreshToken: string
}

/** A reply for a framework to send, in the shape of ours. */
export interface Granted {
  readonly cookie: string
  readonly body: {
    readonly access_token: string
    readonly token_type: 'Bearer'
    readonly expires_in: number
    readonly scope: string
  }
}

/** A sign-in and a rotation without a framework; both only what has to be there to be measured. */
export interface Rotation {
  signIn(): Promise<Granted>
  /** Nothing for a token that was used, or never issued. */
  refresh(cookieHeader: string | undefined): Promise<Granted | undefined>
}

export function createRotation(rotator: Exclude<Rotator, 'ours'>, setup: Setup): Rotation {
  const key = readKey(setup.algorithm, setup.privateJwk)
  const redis = new Redis(setup.redisUrl)
  const { open, rotate } =
    rotator === 'limit' ? createLimit(key, redis) : createNaive(key, redis, rotator === 'naive-pem')
  let users = 0
  return {
    signIn: async () => granted(await open(subjectOf(users++))),
    async refresh(header) {
      const token = new RegExp(`(?:^|; ?)${COOKIE}=([^;]+)`).exec(header ?? '')?.[1]
      const pair = token === undefined ? undefined : await rotate(token)
      return pair === undefined ? undefined : granted(pair)
    },
  }
}

function granted({ accessToken, refreshToken }: Pair): Granted {
  return {
    cookie: `${COOKIE}=${refreshToken}; Max-Age=${REFRESH_SECONDS}; Path=/; HttpOnly; Secure; SameSite=Strict`,
    body: { access_token: accessToken, token_type: 'Bearer', expires_in: ACCESS_SECONDS, scope: SCOPE },
  }
}

interface Opening {
  open(subject: string): Promise<Pair>
  rotate(token: string): Promise<Pair | undefined>
}

const COMPARE_AND_SET = `
local session = redis.call('HMGET', KEYS[1], 'token', 'subject')
if session[1] ~= ARGV[1] then return false end
redis.call('HSET', KEYS[1], 'token', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return session[2]`

/** The least that a rotation can do: one compare-and-set in Redis, one signature. */
function createLimit(key: BenchKey, redis: Redis): Opening {
  const sha = redis.script('LOAD', COMPARE_AND_SET).then(String)
  const hash = (token: string): string => createHash('sha256').update(token).digest('base64url')
  const pair = (subject: string, id: string, refreshToken: string): Pair => ({
    accessToken: signToken(key, claimsOf(subject, id)),
    refreshToken,
  })
  const next = (id: string): string => `${id}.${randomBytes(32).toString('base64url')}`

  return {
    async open(subject) {
      const id = randomBytes(16).toString('base64url')
      const token = next(id)
      await redis.hset(`session:${id}`, { subject, token: hash(token) })
      return pair(subject, id, token)
    },
    async rotate(token) {
      const [id = ''] = token.split('.')
      const successor = next(id)
      const args = [`session:${id}`, hash(token), hash(successor), REFRESH_SECONDS]
      const subject = await redis.evalsha(await sha, 1, ...args)
      return typeof subject === 'string' ? pair(subject, id, successor) : undefined
    },
  }
}

/** As the articles write it: a family and a mark for used tokens, five commands one after the other, two JWTs. */
function createNaive(key: BenchKey, redis: Redis, asPem: boolean): Opening {
  const { algorithm } = key
  if (algorithm === 'EdDSA') throw new RangeError('jsonwebtoken has no EdDSA')
  const privateKey = asPem ? key.privateKey.export({ type: 'pkcs8', format: 'pem' }) : key.privateKey
  const publicKey = asPem ? key.publicKey.export({ type: 'spki', format: 'pem' }) : key.publicKey
  const options = { algorithm, issuer: ISSUER, audience: AUDIENCE } as const

  async function issue(subject: string, device: string): Promise<Pair> {
    const family = randomUUID()
    const signing = { ...options, subject, keyid: key.kid }
    const accessToken = jwt.sign(
      { type: 'access', client_id: 'web', scope: SCOPE, sid: family },
      privateKey,
      { ...signing, jwtid: randomUUID(), expiresIn: ACCESS_SECONDS },
    )
    const refreshToken = jwt.sign({ type: 'refresh', family }, privateKey, {
      ...signing,
      jwtid: randomUUID(),
      expiresIn: REFRESH_SECONDS,
    })
    const record = JSON.stringify({ subject, device, active: true })
    await redis.set(`refresh_family:${family}`, record, 'EX', REFRESH_SECONDS)
    return { accessToken, refreshToken }
  }

  return {
    open: (subject) => issue(subject, 'Chrome on Linux'),
    async rotate(token) {
      const claims = jwt.verify(token, publicKey, { ...options, algorithms: [algorithm] })
      if (typeof claims === 'string' || claims.type !== 'refresh') return undefined
      const familyKey = `refresh_family:${String(claims.family)}`
      const text = await redis.get(familyKey)
      if (text === null) return undefined
      const family = JSON.parse(text) as { subject: string; device: string; active: boolean }
      if (!family.active) return undefined
      const usedKey = `used_refresh:${claims.jti}`
      if ((await redis.setnx(usedKey, '1')) === 0) return undefined
      await redis.expire(usedKey, REFRESH_SECONDS)
      await redis.set(familyKey, JSON.stringify({ ...family, active: false }), 'EX', 60)
      return issue(family.subject, family.device)
    },
  }
}
