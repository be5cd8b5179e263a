import { ConfigError } from '@sallyport/core/store'

/**
 * The error to report if the server refuses because of how it or this store is set up; `undefined` for an outage.
 * Only the code of the server's message is shown, since the rest may repeat arguments.
 */
export function refusalOf(error: { readonly message?: unknown }): ConfigError | undefined {
  const message = String(error.message)
  const code = /^[A-Z]{3,}/.exec(message)?.[0] ?? ''
  if (['NOAUTH', 'WRONGPASS'].includes(code) || /invalid (username-)?password/i.test(message))
    return refusal(
      `Redis refuses the user or the password (${code || 'ERR'}): correct them in "redis.url" or "redis.client"`,
    )
  if (code === 'NOPERM' || /can't run this command|can't access at least one of the keys/i.test(message))
    return refusal(
      'Redis does not let this user run every command of the store on its keys (NOPERM): extend the rights in its ACL',
    )
  if (/DB index is out of range|SELECT is not allowed/i.test(message))
    return refusal('Redis does not have this database: correct its number in "redis.url" or "redis.client"')
  if (/cluster support disabled/i.test(message))
    return refusal('the server is not part of a Redis Cluster: give an ioredis Redis as "redis.client"')
  return /Protocol error|Unknown RESP type/i.test(message) ? notRedis() : undefined
}

export function notRedis(): ConfigError {
  return refusal('the server does not speak the Redis protocol: give the address of a Redis server')
}

function refusal(sentence: string): ConfigError {
  return new ConfigError('redis', { sentence })
}
