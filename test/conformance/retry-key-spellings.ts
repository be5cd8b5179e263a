import { expect } from 'vitest'
import { expectReply } from './expectations.ts'
import { Client, KEY, keyed, OTHER_KEY, type Transport, transports } from './retry-key-transports.ts'
import type { Case } from './runner.ts'
import { login, PASSWORD } from './visitor.ts'

const ALL_CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Each spells one key in two ways. */
const spellings: readonly { readonly name: string; readonly one: string; readonly other: string }[] = [
  { name: 'bare and quoted', one: KEY, other: `"${KEY}"` },
  { name: 'quoted and bare', one: `"${KEY}"`, other: KEY },
  { name: 'with white space around the field', one: KEY, other: `  ${KEY}\t` },
  { name: '16 characters', one: KEY.slice(0, 16), other: `"${KEY.slice(0, 16)}"` },
  { name: '64 characters, every one that is allowed', one: ALL_CHARACTERS, other: `"${ALL_CHARACTERS}"` },
]

const malformed: readonly { readonly name: string; readonly key: string | readonly string[] }[] = [
  { name: '15 characters', key: 'a'.repeat(15) },
  { name: '15 characters, quoted', key: `"${'a'.repeat(15)}"` },
  { name: '65 characters', key: 'a'.repeat(65) },
  { name: '65 characters, quoted', key: `"${'a'.repeat(65)}"` },
  { name: '8000 characters', key: 'a'.repeat(8000) },
  { name: 'an empty value', key: '' },
  { name: 'an empty string', key: '""' },
  ...['.', ':', '+', '/', '=', '~', '!', '*', ' ', '\t', ',', ';', '\\', '"', '%2D', '\u00e9', '\u00ff'].map(
    (character) => ({
      name: `${JSON.stringify(character)} in it`,
      key: `${KEY}${character}${KEY}`,
    }),
  ),
  { name: 'an opening quote alone', key: `"${KEY}` },
  { name: 'a closing quote alone', key: `${KEY}"` },
  { name: 'single quotes', key: `'${KEY}'` },
  { name: 'an escaped quote', key: `"${KEY}\\""` },
  { name: 'white space inside the quotes', key: `" ${KEY}"` },
  { name: 'a byte sequence', key: `:${KEY}:` },
  { name: 'a parameter', key: `"${KEY}";a=1` },
  { name: 'a parameter without a value', key: `"${KEY}";a` },
  { name: 'a parameter of a bare key', key: `${KEY};a=1` },
  { name: 'two in one field', key: `${KEY}, ${OTHER_KEY}` },
  { name: 'two fields', key: [KEY, OTHER_KEY] },
  { name: 'two equal fields', key: [KEY, KEY] },
  { name: 'two spellings of one key in two fields', key: [KEY, `"${KEY}"`] },
  { name: 'a key and an empty field', key: [KEY, ''] },
  { name: 'an empty field and a key', key: ['', KEY] },
]

const refused = { status: 400, error: 'invalid_request', cookie: 'kept' } as const

const refreshCases = (transport: Transport): readonly Case[] => [
  ...spellings.map(
    ({ name, one, other }): Case => ({
      name: `refresh ${transport.name}: one key in two spellings: ${name}`,
      async play(visitor) {
        const client = new Client(transport, visitor)
        const first = await client.signIn()
        const second = await client.refresh(first, keyed(one))
        expect((await client.refresh(first, keyed(other))).refresh).toBe(second.refresh)
        await client.expectAlive(second)
      },
    }),
  ),
  {
    name: `refresh ${transport.name}: keys that differ in case are two`,
    async play(visitor) {
      const client = new Client(transport, visitor)
      const first = await client.signIn()
      const second = await client.refresh(first, keyed(KEY))
      await client.expectTheft(first, second, keyed(KEY.toUpperCase()))
    },
  },
  ...malformed.map(
    ({ name, key }): Case => ({
      name: `refresh ${transport.name}: a malformed key changes nothing: ${name}`,
      async play(visitor) {
        const client = new Client(transport, visitor)
        const own = await client.signIn()
        expectReply(await client.tryRefresh(own.refresh, keyed(key)), refused)
        await client.expectAlive(own)
      },
    }),
  ),
]

const signInCases: readonly Case[] = [
  ...spellings.flatMap(({ name, one, other }) =>
    [one, other].map(
      (key): Case => ({
        name: `log-in with a key: ${name}: ${JSON.stringify(key)}`,
        async play(visitor) {
          await visitor.expectAlive(await visitor.signIn(visitor.user, keyed(key)))
        },
      }),
    ),
  ),
  ...malformed.map(
    ({ name, key }): Case => ({
      name: `log-in with a malformed key opens and replaces nothing: ${name}`,
      async play(visitor) {
        const own = await visitor.signIn()
        const headers = { cookie: `__Host-refresh=${own.refresh}`, ...keyed(key) }
        await visitor.expect(login(visitor.user, PASSWORD, headers), refused)
        await visitor.expectAlive(own)
      },
    }),
  ),
]

/** How an `Idempotency-Key` may be spelled. */
export const retryKeySpellings: readonly Case[] = [...transports.flatMap(refreshCases), ...signInCases]
