import { cookieOf, expectReply, marksOf } from './expectations.ts'
import type { Case } from './runner.ts'
import { bearer, json, login, PASSWORD, type Visitor } from './visitor.ts'

const WRONG = 'not the password'
const wrong = { status: 401, error: 'invalid_credentials', challenge: 'none' } as const
const locked = { status: 429, error: 'too_many_requests', challenge: 'none' } as const

async function fail(visitor: Visitor, name: string, times: number): Promise<void> {
  for (let time = 0; time < times; time++) await visitor.expect(login(name, WRONG), wrong)
}

const change = (token: string, current: string) => {
  const { headers, body } = json({ current, next: 'another battery staple' })
  return { method: 'POST', path: '/auth/password', headers: { ...headers, ...bearer(token) }, body }
}

export const lockoutFlows: readonly Case[] = [
  {
    name: 'five failures lock an account, and nobody else',
    async play(visitor) {
      const before = await visitor.signIn()
      await fail(visitor, visitor.user, 5)
      const reply = await visitor.expect(login(visitor.user, PASSWORD), locked)
      const [seconds = ''] = reply.headers['retry-after'] ?? []
      if (!(Number(seconds) > 890 && Number(seconds) <= 900)) throw new Error(`Retry-After: ${seconds}`)
      await visitor.expectAlive(before)
      await visitor.expect(login(visitor.other, PASSWORD), { status: 200 })
    },
  },
  {
    name: 'an account that nobody has is locked in the same way',
    async play(visitor) {
      const nobody = `nobody-${visitor.user}`
      await fail(visitor, nobody, 5)
      await visitor.expect(login(nobody, PASSWORD), locked)
      await visitor.expect(login(nobody, WRONG), locked)
    },
  },
  {
    name: 'other spellings of the name are the same account',
    async play(visitor) {
      const { user } = visitor
      const wide = [...user].map((one) => String.fromCodePoint((one.codePointAt(0) ?? 0) + 0xfee0)).join('')
      for (const name of [user.toUpperCase(), ` ${user}`, `${user}\u00a0`, wide, `${user}\u200b`])
        await visitor.expect(login(name, WRONG), wrong)
      await visitor.expect(login(user, PASSWORD), locked)
    },
  },
  {
    name: 'headers that a client writes make no difference',
    async play(visitor) {
      for (let time = 0; time < 5; time++) {
        const headers = {
          'x-forwarded-for': `203.0.113.${time}`,
          forwarded: `for=203.0.113.${time}`,
          'user-agent': `agent ${time}`,
          cookie: `__Host-device=${'x'.repeat(38)}`,
        }
        await visitor.expect(login(visitor.user, WRONG, headers), wrong)
      }
      await visitor.expect(login(visitor.user, PASSWORD, { 'x-forwarded-for': '203.0.113.77' }), locked)
    },
  },
  {
    name: 'a device that signed in before is not locked out by others',
    async play(visitor) {
      const reply = await visitor.expect(login(visitor.user, PASSWORD), { status: 200, cookie: 'set' })
      const cookie = `__Host-device=${marksOf(reply)}`
      await fail(visitor, visitor.user, 5)
      await visitor.expect(login(visitor.user, PASSWORD), locked)
      const again = await visitor.expect(login(visitor.user, PASSWORD, { cookie }), { status: 200 })
      expectReply(await visitor.refresh(cookieOf(again)), { status: 200 })
      // But it is for its own failures.
      for (let time = 0; time < 5; time++) await visitor.expect(login(visitor.user, WRONG, { cookie }), wrong)
      await visitor.expect(login(visitor.user, PASSWORD, { cookie }), locked)
    },
  },
  {
    name: 'a native app signs in without a cookie of any kind',
    async play(visitor) {
      await visitor.expect(login(visitor.user, PASSWORD, { 'x-token-transport': 'body' }), {
        status: 200,
        cookie: 'kept',
        headers: { 'set-cookie': null },
      })
    },
  },
  {
    name: 'wrong passwords at a change of password count, and strangers do not prevent it',
    async play(visitor) {
      const own = await visitor.signIn()
      await fail(visitor, visitor.user, 5)
      for (let time = 0; time < 4; time++) await visitor.expect(change(own.token, WRONG), wrong)
      await visitor.expect(change(own.token, PASSWORD), { status: 204 })

      const theirs = await visitor.signIn(visitor.other)
      for (let time = 0; time < 5; time++) await visitor.expect(change(theirs.token, WRONG), wrong)
      await visitor.expect(change(theirs.token, PASSWORD), locked)
      await visitor.expect(login(visitor.other, PASSWORD), locked)
      await visitor.expectAlive(theirs)
    },
  },
]

/** With a lock that lasts two seconds. */
export const shortLockoutFlows: readonly Case[] = [
  {
    name: 'a lock ends by itself, and failures before it count no more',
    async play(visitor) {
      await fail(visitor, visitor.user, 3)
      await visitor.expect(login(visitor.user, PASSWORD), locked)
      await visitor.until(200, login(visitor.user, PASSWORD))
      await fail(visitor, visitor.user, 2)
      await visitor.expect(login(visitor.user, PASSWORD), { status: 200 })
    },
  },
]
