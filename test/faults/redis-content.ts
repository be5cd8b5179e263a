import { createPrivateKey, createPublicKey } from 'node:crypto'
import type { Redis } from 'ioredis'

/** One key of a Redis, with all bytes that lie under it: its name, its fields, its values. */
export interface Entry {
  readonly key: string
  readonly ttlMs: number
  readonly parts: readonly Buffer[]
}

/** Reads a whole Redis, every type as it is kept. */
export async function readAll(redis: Redis): Promise<readonly Entry[]> {
  const keys: Buffer[] = []
  for await (const some of redis.scanBufferStream({ count: 500 })) keys.push(...some)
  return Promise.all(
    keys.map(async (key) => ({
      key: key.toString('latin1'),
      ttlMs: await redis.pttl(key),
      parts: [key, ...(await partsOf(redis, key))],
    })),
  )
}

/** The command that gives all that a key of a type holds, with its arguments after the key. */
const READ: Readonly<Record<string, readonly [string, ...string[]]>> = {
  string: ['GET'],
  hash: ['HGETALL'],
  list: ['LRANGE', '0', '-1'],
  set: ['SMEMBERS'],
  zset: ['ZRANGE', '0', '-1', 'WITHSCORES'],
  stream: ['XRANGE', '-', '+'],
}

async function partsOf(redis: Redis, key: Buffer): Promise<readonly Buffer[]> {
  const type = await redis.type(key)
  const read = READ[type]
  if (read === undefined) throw new Error(`a key of the type ${type}`)
  const [command, ...args] = read
  return flat(await redis.callBuffer(command, key, ...args))
}

function flat(reply: unknown): readonly Buffer[] {
  if (Buffer.isBuffer(reply)) return [reply]
  return Array.isArray(reply) ? reply.flatMap(flat) : []
}

const TEXTS = /[A-Za-z0-9+/_-]{8,}/g
const HEX = /[0-9a-fA-F]{16,}/g

/** The bytes themselves, and what runs of them mean in base64, base64url and hex, wherever they begin. */
export function readingsOf(part: Buffer): readonly Buffer[] {
  const text = part.toString('latin1')
  const base64 = [...text.matchAll(TEXTS)].flatMap(([run]) =>
    [0, 1, 2, 3].map((from) => Buffer.from(run.slice(from), 'base64url')),
  )
  const hex = [...text.matchAll(HEX)].flatMap(([run]) =>
    [0, 1].map((from) => Buffer.from(run.slice(from), 'hex')),
  )
  return [part, ...base64, ...hex]
}

const KEY_BYTES = 32
/** PKCS #8 of an Ed25519 key, up to the key itself (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')

/** Looks at every run of 32 bytes whether it is the private key of a public one (Ed25519, `x` of its JWK). */
export function holdsPrivateKeyOf(x: string, reading: Buffer): boolean {
  const der = Buffer.concat([PKCS8, Buffer.alloc(KEY_BYTES)])
  for (let from = 0; from + KEY_BYTES <= reading.length; from++) {
    reading.copy(der, PKCS8.length, from, from + KEY_BYTES)
    const key = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }))
    if (key.export({ format: 'jwk' }).x === x) return true
  }
  return false
}
