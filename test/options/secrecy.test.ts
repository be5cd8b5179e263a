import { inspect } from 'node:util'
import { type AwsKmsSignerOptions, awsKmsSigner } from '@sallyport/aws-kms'
import { createSallyport, type SallyportOptions } from '@sallyport/core'
import { type Pkcs11SignerOptions, pkcs11Signer } from '@sallyport/pkcs11'
import { type RedisStoreOptions, redisStore } from '@sallyport/redis'
import { describe, expect, test } from 'vitest'
import { configFault } from '../support/config-fault.ts'

const hidden = 'hunter2-hunter2-hunter2-hunter2'
const address = `redis://sallyport:${hidden}@redis.example`
const encoded = new TextEncoder().encode(hidden)

const core = (options: object) => () => createSallyport(options as SallyportOptions)
const kms = (options: unknown) => () => awsKmsSigner(options as AwsKmsSignerOptions)
const hsm = (options: unknown) => () => pkcs11Signer(options as Pkcs11SignerOptions)
const redis = (options: unknown) => () => redisStore(options as RedisStoreOptions)

const slips: Readonly<Record<string, () => unknown>> = {
  'a secret that is too short': core({ secret: hidden }),
  'a secret as bytes that is too short': core({ secret: encoded }),
  'a short secret in an array': core({ secret: ['abcdefghijklmnopqrstuvwxyz012345', hidden] }),
  'an array in an array': core({ secret: [[`${hidden}${hidden}`]] }),
  'a secret in an object': core({ secret: { value: `${hidden}${hidden}` } }),
  'a misspelled secret': core({ secrets: `${hidden}${hidden}` }),
  'a secret in the wrong place': core({ refresh: { secret: `${hidden}${hidden}` } }),
  'a JWK in place of its group': core({ access: { kty: 'OKP', d: hidden } }),
  'the address of a store for the store': core({ store: address }),
  'the address of a store with a slash in its password': core({
    store: `redis://user:a/${hidden}@redis.example`,
  }),
  'a private JWK as the key of a recipient, as a string': core({
    claims: {
      of: () => ({}),
      sealed: { pay: { audience: 'a', key: JSON.stringify({ d: hidden, kty: 'OKP' }) } },
    },
  }),
  'the secret of a webhook': core({ anomalies: { webhook: { url: 'https://a.example', secret: hidden } } }),
  'a webhook with a password in its path': core({
    anomalies: { webhook: { url: `http://a.example/${hidden}`, secret: 'x' } },
  }),
  'the secret of an introspection in place of its group': core({
    issuers: [{ issuer: 'https://a', audience: 'a', introspection: hidden }],
  }),
  'the secret of an introspection in an array': core({
    issuers: [
      { issuer: 'https://a', audience: 'a', introspection: { clientId: 'a', clientSecret: [hidden] } },
    ],
  }),
  'the secret of an introspection with an umlaut': core({
    issuers: [
      { issuer: 'https://a', audience: 'a', introspection: { clientId: 'a', clientSecret: `${hidden}ä` } },
    ],
  }),
  'a short secret of a client': core({ oauth: { clients: [{ clientId: 'a', clientSecret: 'hunter2' }] } }),
  'the secret of a client with an umlaut': core({
    oauth: { clients: [{ clientId: 'a', clientSecret: [`${hidden}ä`] }] },
  }),
  'the secret of a client in an object': core({
    oauth: { clients: [{ clientId: 'a', clientSecret: { value: hidden } }] },
  }),
  'the secret of a client for the client': core({ oauth: { clients: [hidden] } }),
  'the secret of a client for its keys': core({ oauth: { clients: [{ clientId: 'a', jwks: hidden }] } }),
  'an issuer with a user and a password': core({ issuer: `https://user:${hidden}@auth.example.com` }),
  'an issuer with a password alone': core({ issuer: `https://:${hidden}@auth.example.com` }),
  'a Redis address for the options': redis(address),
  'a Redis address of another kind': redis({ url: address.replace('redis:', 'http:') }),
  'a Redis address with a database that is no number': redis({ url: `${address}/main` }),
  'a Redis address with a query': redis({ url: `${address}/0?db=1` }),
  'a Redis address that can not be read': redis({ url: address.replace('@', ':') }),
  'a Redis address that is a URL object': redis({ url: new URL(address) }),
  'a Redis address in an array': redis({ url: [address] }),
  'a Redis address beside a client': redis({ url: address, client: { duplicate() {}, defineCommand() {} } }),
  'a Redis address for the client': redis({ client: address }),
  'a Redis address for the client, with a slash in its password': redis({
    client: `redis://:a/${hidden}@redis.example`,
  }),
  'a password beside the Redis address': redis({ url: 'redis://redis.example', password: hidden }),
  'an id for the options of KMS': kms(hidden),
  'a key of KMS whose id has a blank': kms({
    client: { send() {} },
    algorithm: 'ES256',
    keyId: `${hidden} `,
  }),
  'credentials for the client of KMS': kms({ client: hidden, algorithm: 'ES256', keyId: 'a' }),
  'the PIN for the options of an HSM': hsm(hidden),
  'the PIN itself': hsm({ module: '/a', token: 'a', algorithm: 'ES256', key: { label: 'a' }, pin: hidden }),
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
