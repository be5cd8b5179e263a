import { inspect } from 'node:util'
import { createSallyport, type SallyportOptions } from '@sallyport/core'
import { type RedisStoreOptions, redisStore } from '@sallyport/redis'
import { describe, expect, test } from 'vitest'
import { configFault } from '../support/config-fault.ts'

const hidden = 'hunter2-hunter2-hunter2-hunter2'
const address = `redis://sallyport:${hidden}@redis.example`
const encoded = new TextEncoder().encode(hidden)

const core = (options: object) => () => createSallyport(options as SallyportOptions)
const redis = (options: unknown) => () => redisStore(options as RedisStoreOptions)

const slips: Readonly<Record<string, () => unknown>> = {
  'a secret that is too short': core({ secret: hidden }),
  'a secret as bytes that is too short': core({ secret: encoded }),
  'a short secret in a list': core({ secret: ['abcdefghijklmnopqrstuvwxyz012345', hidden] }),
  'a list in a list': core({ secret: [[`${hidden}${hidden}`]] }),
  'a secret in an object': core({ secret: { value: `${hidden}${hidden}` } }),
  'a misspelled secret': core({ secrets: `${hidden}${hidden}` }),
  'a secret in the wrong place': core({ refresh: { secret: `${hidden}${hidden}` } }),
  'a JWK in place of its group': core({ access: { kty: 'OKP', d: hidden } }),
  'the address of a store for the store': core({ store: address }),
  'an issuer with a user and a password': core({ issuer: `https://user:${hidden}@auth.example.com` }),
  'an issuer with a password alone': core({ issuer: `https://:${hidden}@auth.example.com` }),
  'a Redis address for the options': redis(address),
  'a Redis address of another kind': redis({ url: address.replace('redis:', 'http:') }),
  'a Redis address with a database that is no number': redis({ url: `${address}/main` }),
  'a Redis address with a query': redis({ url: `${address}/0?db=1` }),
  'a Redis address that can not be read': redis({ url: address.replace('@', ':') }),
  'a Redis address that is a URL object': redis({ url: new URL(address) }),
  'a Redis address in a list': redis({ url: [address] }),
  'a Redis address beside a client': redis({ url: address, client: { duplicate: () => undefined } }),
  'a password beside the Redis address': redis({ url: 'redis://redis.example', password: hidden }),
}

describe('no part of the error shows', () => {
  for (const [name, make] of Object.entries(slips))
    test(name, async () => {
      const fault = await configFault(make)
      for (const shown of [fault.message, inspect(fault, { depth: 9, showHidden: true })]) {
        expect(shown).not.toContain(hidden)
        expect(shown).not.toContain(encoded.join(','))
      }
    })
})
