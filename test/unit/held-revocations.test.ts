import type { Revocation } from '@sallyport/core'
import { encodeRevocation } from '@sallyport/core/store'
import { expect, test } from 'vitest'
import { createHeldRevocations } from '../../packages/core/src/revocation/held.ts'

const START = Date.UTC(2026, 0, 1)
const token = (number: number): Revocation => ({ kind: 'token', jti: `token ${number}` })
const MANY = 1000

test('what is unread longest counts, until it is confirmed or read', () => {
  const held = createHeldRevocations()
  expect(held.unreadSince()).toBe(Number.POSITIVE_INFINITY)
  for (const number of [1, 2, 3]) held.addUnread(token(number), START, number)
  held.addUnread(token(2), START, 0)
  expect(held.unreadSince()).toBe(1)
  held.confirm(token(1))
  expect(held.unreadSince()).toBe(2)
  held.addRead(token(2), START)
  expect(held.unreadSince()).toBe(3)
  held.addRead(token(3), START)
  expect(held.unreadSince()).toBe(Number.POSITIVE_INFINITY)
})

test('of more than are noted one by one it is known since when there are some, and known ones are none of them', () => {
  const held = createHeldRevocations()
  for (let number = 0; number < MANY; number++) held.addUnread(token(number), START, 5)
  held.addUnread(token(0), START, 1)
  held.addUnread(token(MANY), START, 7)
  held.addUnread(token(MANY + 1), START, 9)
  expect(held.unreadSince()).toBe(5)
  for (let number = 0; number < MANY; number++) held.confirm(token(number))
  expect(held.unreadSince()).toBe(7)
  held.suspect()
  expect(held.unreadSince()).toBe(Number.POSITIVE_INFINITY)
})

const everything = (until: number): Revocation => ({ kind: 'all', until })
/** What is missing once the latest revocation of everything has been dropped, as all others of its time. */
function missing(learn: (held: ReturnType<typeof createHeldRevocations>, at: number) => void): string[] {
  const held = createHeldRevocations()
  for (const until of [2000, 3000, 1000]) held.addUnread(everything(until), START, 0)
  for (const number of [1, 2, 3]) held.addRead(token(number), START + number * 3_600_000)
  held.suspect()
  learn(held, START + 3 * 3_600_000)
  return [...held.missing()].filter((one) => one !== undefined).map(encodeRevocation)
}

test('the latest revocation of everything is missing until it, or a later one, has been read', () => {
  const tokens = ['j:token 1', 'j:token 2', 'j:token 3']
  expect(missing(() => {})).toEqual(['a:3000', ...tokens])
  expect(missing((held, at) => held.addRead(token(4), at))).toEqual(['a:3000', ...tokens])
  expect(missing((held, at) => held.addRead(everything(2000), at))).toEqual(['a:3000', ...tokens])
  expect(missing((held, at) => held.addRead(everything(3000), at))).toEqual(tokens)
  expect(missing((held, at) => held.addRead(everything(4000), at))).toEqual(tokens)
})
