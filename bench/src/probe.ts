import { setTimeout as sleep } from 'node:timers/promises'
import type { Sallyport } from '@sallyport/core'
import type { Redis } from 'ioredis'
import { openConnection } from './client.ts'
import { BLACKLIST } from './contenders/blacklist.ts'
import type { Contender } from './contenders/catalogue.ts'
import { authorized, requestOf } from './load.ts'
import { type BenchKey, claimsOf, forgeToken, signToken } from './tokens.ts'

/** Revokes a token for everybody who asks in any way. */
export type Revoke = (jti: string) => Promise<void>

export function revokeEverywhere(redis: Redis, authority: Sallyport): Revoke {
  return async (jti) => {
    await authority.tokens.revoke(jti)
    await redis.set(BLACKLIST + jti, '1', 'EX', 1800)
  }
}

/** A process of ours hears of a revocation at once, or 400 ms later if it missed the announcement. */
const PATIENCE_MS = 1000

/**
 * Sees that a contender does its work before it is measured: 200 for a token; 401 for none, for a forged
 * one, and for a revoked one where it can tell. Throws for a contender that lets anything else through.
 */
export async function probe(
  port: number,
  contender: Contender,
  key: BenchKey,
  revoke: Revoke,
): Promise<void> {
  const connection = await openConnection(port)
  const statusOf = async (token: string | undefined): Promise<number> => {
    const [request] = token === undefined ? [requestOf(['GET /api/me HTTP/1.1'])] : authorized([token])
    return request === undefined ? 0 : (await connection.exchange(request)).status
  }
  const expectStatus = async (what: string, token: string | undefined, expected: number): Promise<void> => {
    const deadline = performance.now() + PATIENCE_MS
    let status = await statusOf(token)
    while (status !== expected && performance.now() < deadline) {
      await sleep(20)
      status = await statusOf(token)
    }
    if (status !== expected)
      throw new Error(`${contender.framework}, ${contender.label}: ${status} for ${what}, not ${expected}`)
  }

  const claims = claimsOf('somebody')
  const token = signToken(key, claims)
  await expectStatus('a valid token', token, 200)
  if (contender.guard !== 'bare') {
    await expectStatus('no token', undefined, 401)
    await expectStatus('a forged token', forgeToken(key, 'somebody'), 401)
  }
  if (contender.guard === 'ours' || contender.exists) {
    await revoke(String(claims.jti))
    await expectStatus('a revoked token', token, 401)
  }
  connection.close()
}
