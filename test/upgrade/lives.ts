import { randomUUID } from 'node:crypto'
import { accessOf, bodyOf, cookieOf, PASSWORD } from '../faults/client.ts'
import { eachOf, upTo } from '../faults/system.ts'
import { FRAMEWORKS } from './fleet.ts'
import { FACTOR, type Held, type Users } from './users.ts'

/** What one user does from the first sign-in to the last log-out. */
export type Life = (users: Users, user: string) => Promise<void>

const PLACES = upTo(FRAMEWORKS.length)
const CLIENT = `Basic ${Buffer.from('gateway:gateway-secret').toString('base64')}`

/** Each by what it is called. */
export const lives: Readonly<Record<string, Life>> = {
  async 'refreshes without keys, repeated at every node, and logs out'(users, user) {
    const held = await users.signIn(user)
    for (const _ of PLACES) {
      const before = held.cookie
      await users.refresh(held)
      const successors = await Promise.all(
        PLACES.map((place) => users.repeat(held, before, undefined, place)),
      )
      for (const one of successors)
        if (one !== held.cookie) throw new Error('a repeated refresh led to another successor')
      for (const place of PLACES) await users.verify(held, place)
    }
    await users.signOut(held)
    await users.expectRefused(held)
  },

  async 'refreshes with keys, repeated at every node, and logs out everywhere'(users, user) {
    const held = await users.signIn(user, randomUUID())
    const other = await users.signIn(user)
    for (const _ of PLACES) {
      const [before, key] = [held.cookie, randomUUID()]
      await users.refresh(held, key)
      for (const place of PLACES)
        if ((await users.repeat(held, before, key, place)) !== held.cookie)
          throw new Error('a refresh that was repeated with its key led to another successor')
      for (const place of PLACES) await users.verify(held, place)
    }
    await users.verify(other)
    await users.signOutEverywhere([held, other])
    await users.expectRefused(held)
    await users.expectRefused(other)
  },

  async 'is robbed'(users, user) {
    const held = await users.signIn(user)
    const first = held.cookie
    for (const _ of PLACES) {
      await users.refresh(held)
      await users.verify(held)
    }
    await users.steal(held, first)
    await users.expectRefused(held)
  },

  async 'shows the second factor, and is still known by it after refreshes'(users, user) {
    const held = await users.signIn(user)
    const transfer = { json: { to: 'bob', amount: 1 } }
    await users.send(held, 401, 'POST', '/api/transfer', transfer)
    held.access = accessOf((await users.send(held, 200, 'POST', '/auth/step-up', FACTOR)).reply)
    for (const _ of PLACES) {
      await users.send(held, 200, 'POST', '/api/transfer', transfer)
      await users.refresh(held)
    }
    await users.signOut(held)
    await users.expectRefused(held)
  },

  async 'changes the password, which ends the other session and keeps this one'(users, user) {
    const [held, other] = [await users.signIn(user), await users.signIn(user)]
    const change = { json: { current: PASSWORD, next: `${PASSWORD}, and another` }, cookie: held.cookie }
    const changed = await users.send(held, 204, 'POST', '/auth/password', change)
    users.ended([other], changed)
    held.cookie = cookieOf(changed.reply)
    await users.expectRefused(other)
    for (const place of PLACES) {
      await users.refresh(held, undefined, place)
      await users.verify(held)
    }
    await users.signOut(held)
  },

  async 'looks at the sessions and what happened, and ends one of them'(users, user) {
    const [held, other] = [await users.signIn(user), await users.signIn(user)]
    for (const _ of PLACES) {
      const { reply } = await users.send(held, 200, 'GET', '/auth/sessions')
      if (!isListed(reply.text, held) || !isListed(reply.text, other))
        throw new Error(`a session is not listed: ${reply.text}`)
      await users.send(held, 200, 'GET', '/auth/activity')
      await expectActive(users, held, true)
    }
    const gone = await users.send(held, 204, 'DELETE', `/auth/sessions/${other.id}`)
    users.ended([other], gone)
    await users.expectRefused(other)
    await expectActive(users, other, false)
    await users.signOut(held)
  },
}

const CROWD = 250
const OBSERVED = 30
const AT_ONCE = 3

/**
 * Has more sessions than one step ends, and logs out everywhere. Meanwhile some of them are refreshed as long as that goes:
 * what is given out then is refused afterwards like all else.
 */
export const crowd: Life = async (users, user) => {
  const all = await eachOf(upTo(CROWD), AT_ONCE, () => users.signIn(user))
  const [first, ...others] = all
  if (first === undefined) return
  const observed = others.filter((_, index) => index % Math.floor(CROWD / OBSERVED) === 0)
  const ending = users.signOutEverywhere([first, ...others])
  await Promise.all([ending, eachOf(observed, AT_ONCE, (held) => users.refreshIfLive(held))])
  await eachOf(observed, AT_ONCE, (held) => users.expectRefused(held))
}

const isListed = (text: string, { id }: Held): boolean => text.includes(id)

/** Of any node, as a service asks it that knows no session by itself. */
async function expectActive(users: Users, held: Held, expected: boolean): Promise<void> {
  const form = { token: held.access }
  const call = { form, headers: { Authorization: CLIENT } }
  const { reply } = await users.send(held, 200, 'POST', '/auth/introspect', call)
  if (bodyOf(reply).active !== expected)
    throw new Error(`introspection of a session that is ${expected ? 'live' : 'over'}: ${reply.text}`)
}
