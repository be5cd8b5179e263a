import {
  type AboutSignIn,
  ConfigError,
  createSallyport,
  type LockAbout,
  type LockedAccount,
  type LockoutOptions,
  memoryStore,
  type SallyportEvent,
  type StoreDriver,
} from '@sallyport/core'
import { type CheckedSignIn, type GateLockout, gateOf } from '@sallyport/core/adapter'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type TurnedClock, turnedClock } from '../support/turned-clock.ts'
import { viewOf } from './view.ts'

const MINUTE = 60_000
const DAY = 86_400_000
const SECRET = 'a secret of the test, with its 32 bytes'
const HOME = '192.0.2.1'

interface Here {
  readonly lockout: GateLockout
  readonly events: SallyportEvent[]
  readonly clock: TurnedClock
  readonly locked: LockedAccount[]
  lock(name: string, about?: LockAbout): Promise<void>
  unlock(name: string, about?: { readonly subject: string }): Promise<boolean>
}

let close: () => Promise<void> = async () => {}
afterEach(() => close())

async function start(options: LockoutOptions = {}): Promise<Here> {
  const clock = turnedClock()
  const locked: LockedAccount[] = []
  const events: SallyportEvent[] = []
  const sallyport = await createSallyport({
    secret: SECRET,
    store: memoryStore(),
    clock,
    lockout: { onLocked: (one) => locked.push(one), ...options },
  })
  close = () => sallyport.close()
  sallyport.on('event', (event) => events.push(event))
  return {
    lockout: gateOf(sallyport).lockout,
    clock,
    events,
    locked,
    lock: (name, about) => sallyport.lockout.lock(name, about),
    unlock: async (name, about) => (await sallyport.lockout.unlock(name, about)).unlocked,
  }
}

interface From {
  readonly ip?: string
  /** What the device keeps. */
  readonly cookies?: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
}

const viewFrom = ({ ip = HOME, cookies = [], headers = {} }: From) => {
  const kept = cookies.map((cookie) => cookie.split(';', 1)[0]).join('; ')
  return viewOf({ ip, headers: { ...headers, ...(kept === '' ? {} : { cookie: kept }) } })
}

/** A sign-in with a password that is right or wrong; `locked` if nobody looked at it. */
async function signIn(
  { lockout }: Here,
  name: string,
  password: 'right' | 'wrong',
  from: From = {},
  about?: AboutSignIn,
): Promise<'passed' | 'failed' | 'locked'> {
  const outcome = await lockout.guard(viewFrom(from), name, () => password === 'right', about)
  if (outcome.kind !== 'refused') return outcome.kind
  expect(outcome.problem).toBe('sign_in_locked')
  return 'locked'
}

async function cookiesOf({ lockout }: Here, name: string, from: From = {}): Promise<readonly string[]> {
  const outcome = await lockout.guard(viewFrom(from), name, () => true)
  return outcome.kind === 'passed' ? outcome.cookies : []
}

async function fail(
  here: Here,
  name: string,
  times: number,
  from: From = {},
  about?: AboutSignIn,
): Promise<void> {
  for (let time = 0; time < times; time++)
    expect(await signIn(here, name, 'wrong', from, about)).toBe('failed')
}

const told = ({ events }: Here): string[] => events.map(({ event }) => event)

describe('an account', () => {
  test('is locked by five failures, for a quarter of an hour, whatever is tried then', async () => {
    const here = await start()
    await fail(here, 'alice', 5)
    expect(await signIn(here, 'alice', 'right')).toBe('locked')
    const refused = await here.lockout.check(viewFrom({}), 'alice')
    expect(refused).toEqual({ kind: 'refused', problem: 'sign_in_locked', retryAfterSeconds: 900 })
    here.clock.turn(15 * MINUTE - 1)
    expect(await signIn(here, 'alice', 'right')).toBe('locked')
    here.clock.turn(1)
    expect(await signIn(here, 'alice', 'right')).toBe('passed')
  })

  test('is locked once more by as many failures after that', async () => {
    const here = await start()
    await fail(here, 'alice', 5)
    here.clock.turn(15 * MINUTE)
    await fail(here, 'alice', 5)
    expect(await signIn(here, 'alice', 'right')).toBe('locked')
  })

  test('is not locked by failures that are far apart', async () => {
    const here = await start()
    await fail(here, 'alice', 4)
    here.clock.turn(15 * MINUTE)
    await fail(here, 'alice', 4)
    expect(await signIn(here, 'alice', 'right')).toBe('passed')
  })

  test('has no failures after a sign-in that passed', async () => {
    const here = await start()
    await fail(here, 'alice', 4)
    expect(await signIn(here, 'alice', 'right')).toBe('passed')
    await fail(here, 'alice', 4)
    expect(await signIn(here, 'alice', 'right')).toBe('passed')
  })

  test('passes at the last attempt that is left, and stays open', async () => {
    const here = await start({ attempts: 1 })
    for (let time = 0; time < 3; time++) expect(await signIn(here, 'alice', 'right')).toBe('passed')
    await fail(here, 'alice', 1)
    expect(await signIn(here, 'alice', 'right')).toBe('locked')
  })

  test('is locked in all its spellings, and no other one is', async () => {
    const here = await start()
    const spellings = ['alice', 'ALICE', ' Alice ', '\uff41\uff4c\uff49\uff43\uff45', 'al\u200bice']
    for (const name of spellings) await fail(here, name, 1)
    for (const name of spellings) expect(await signIn(here, name, 'right')).toBe('locked')
    expect(await signIn(here, 'alicia', 'right')).toBe('passed')
    expect(await signIn(here, 'al ice', 'right')).toBe('passed')
  })

  test('has the spellings that the application says', async () => {
    const here = await start({ attempts: 2, canonical: (name) => name.replaceAll('.', '') })
    await fail(here, 'a.lice', 1)
    await fail(here, 'al.ice', 1)
    expect(await signIn(here, 'alice', 'right')).toBe('locked')
    expect(await signIn(here, 'ALICE', 'right')).toBe('passed')
  })

  test('lets no more guesses through at once than are left', async () => {
    const here = await start()
    let looked = 0
    const guess = async (): Promise<false> => {
      looked++
      await new Promise((resolve) => setImmediate(resolve))
      return false
    }
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, () => here.lockout.guard(viewFrom({}), 'alice', guess)),
    )
    expect(looked).toBe(5)
    expect(outcomes.filter(({ kind }) => kind === 'refused')).toHaveLength(195)
    expect(told(here).filter((event) => event === 'account.locked')).toHaveLength(1)
  })

  test('counts nothing where the check itself fails, and what it throws is thrown on', async () => {
    const here = await start({ attempts: 1 })
    for (let time = 0; time < 3; time++)
      await expect(
        here.lockout.guard(viewFrom({}), 'alice', () => Promise.reject(new RangeError('no database'))),
      ).rejects.toThrow('no database')
    expect(here.events).toEqual([])
    expect(await signIn(here, 'alice', 'right')).toBe('passed')
  })

  test('is unlocked by a call, which says whether it was locked', async () => {
    const here = await start()
    expect(await here.unlock('alice')).toBe(false)
    await fail(here, 'alice', 5)
    expect(await here.unlock(' ALICE')).toBe(true)
    await fail(here, 'alice', 4)
    expect(await signIn(here, 'alice', 'right')).toBe('passed')
  })

  test('is never locked where the application wants that', async () => {
    const here = await start({ attempts: 0 })
    await fail(here, 'alice', 50)
    expect(await signIn(here, 'alice', 'right')).toBe('passed')
  })
})

describe('an account that the application locks', () => {
  const told = { event: 'account.locked', outcome: 'success' } as const

  test('is open again after as long as too many failures would lock it', async () => {
    const here = await start()
    await here.lock(' ALICE')
    expect(here.events).toMatchObject([{ ...told, reason: 'locked_by_application' }])
    expect(await signIn(here, 'alice', 'right')).toBe('locked')
    expect(await signIn(here, 'bob', 'right')).toBe('passed')
    here.clock.turn(15 * MINUTE - 1)
    expect(await signIn(here, 'alice', 'right')).toBe('locked')
    here.clock.turn(1)
    expect(await signIn(here, 'alice', 'right')).toBe('passed')
  })

  test('or after as long as the call says', async () => {
    const here = await start()
    await here.lock('alice', { seconds: 86_400, reason: 'help_desk' })
    expect(here.events).toMatchObject([{ ...told, reason: 'help_desk' }])
    here.clock.turn(DAY - 1)
    expect(await signIn(here, 'alice', 'right')).toBe('locked')
    here.clock.turn(1)
    expect(await signIn(here, 'alice', 'right')).toBe('passed')
  })

  test('is unlocked by a call', async () => {
    const here = await start()
    await here.lock('alice')
    expect(await here.unlock('alice')).toBe(true)
    expect(await signIn(here, 'alice', 'right')).toBe('passed')
  })

  test('stays open to the devices of its owner', async () => {
    const here = await start()
    const cookies = await cookiesOf(here, 'alice')
    await here.lock('alice')
    expect(await signIn(here, 'alice', 'right', { cookies })).toBe('passed')
    expect(await signIn(here, 'alice', 'right')).toBe('locked')
  })

  test('is a user, if failures count by users', async () => {
    const here = await start()
    const user = { subject: 'user-1' }
    await here.lock('', user)
    expect(here.events).toMatchObject([{ ...told, sub: 'user-1' }])
    expect(await signIn(here, 'alice', 'right', {}, user)).toBe('locked')
    expect(await signIn(here, 'alice', 'right')).toBe('passed')
  })

  test.each(['right', 'wrong', 'broken'] as const)(
    'is not opened by a sign-in under way that is %s',
    async (end) => {
      const here = await start()
      await fail(here, 'alice', 1)
      let goOn = (): void => {}
      const isLocked = new Promise<void>((resolve) => {
        goOn = resolve
      })
      const underWay = here.lockout.guard(viewFrom({}), 'alice', async () => {
        await isLocked
        if (end === 'broken') throw new RangeError('no database')
        return end === 'right'
      })
      await here.lock('alice')
      goOn()
      await underWay.catch(() => undefined)
      expect(await signIn(here, 'alice', 'right')).toBe('locked')
    },
  )

  test.each([
    [{ seconds: 0 }, '"seconds" must be a whole number from 1 to 86,400'],
    [{ seconds: 86_401 }, '"seconds" must be a whole number from 1 to 86,400'],
    [{ seconds: '60' }, '"seconds" must be a whole number from 1 to 86,400'],
    [{ reason: '' }, '"reason" must be a code such as "locked_by_application"'],
    [{ user: 'one' }, 'unknown member "user"'],
  ])('%j is refused', async (about, message) => {
    const here = await start()
    await expect(here.lock('alice', about as never)).rejects.toThrow(`lockout.lock: ${message}`)
    await expect(here.lock(undefined as never)).rejects.toThrow('lockout.lock: the name must be a string')
    expect(await signIn(here, 'alice', 'right')).toBe('passed')
  })
})

describe('a device that has signed in before', () => {
  test('is not locked out by strangers', async () => {
    const here = await start()
    const cookies = await cookiesOf(here, 'alice')
    await fail(here, 'alice', 5, { ip: '203.0.113.9' })
    expect(await signIn(here, 'alice', 'right', { ip: '203.0.113.9' })).toBe('locked')
    expect(await signIn(here, 'alice', 'right', { cookies })).toBe('passed')
    // What passes on a known device does not open the account to the strangers.
    expect(await signIn(here, 'alice', 'right', { ip: '203.0.113.9' })).toBe('locked')
  })

  test('is locked for its own failures, which count for the account, too', async () => {
    const here = await start()
    const cookies = await cookiesOf(here, 'alice')
    await fail(here, 'alice', 5, { cookies })
    expect(await signIn(here, 'alice', 'right', { cookies })).toBe('locked')
    expect(await signIn(here, 'alice', 'right')).toBe('locked')
  })

  test('is a stranger to other accounts', async () => {
    const here = await start()
    const cookies = await cookiesOf(here, 'alice')
    await fail(here, 'bob', 5, { ip: '203.0.113.9' })
    expect(await signIn(here, 'bob', 'right', { cookies })).toBe('locked')
  })

  test('is let in again by an unlock, though it failed itself', async () => {
    const here = await start()
    const cookies = await cookiesOf(here, 'alice')
    await fail(here, 'alice', 5, { cookies })
    expect(await signIn(here, 'alice', 'right', { cookies })).toBe('locked')
    expect(await here.unlock('alice')).toBe(true)
    expect(await signIn(here, 'alice', 'right', { cookies })).toBe('passed')
  })

  test('is known for half a year after its latest sign-in', async () => {
    const here = await start()
    const first = await cookiesOf(here, 'alice')
    here.clock.turn(179 * DAY)
    const renewed = await cookiesOf(here, 'alice', { cookies: first })
    here.clock.turn(2 * DAY)
    await fail(here, 'alice', 5)
    expect(await signIn(here, 'alice', 'right', { cookies: first })).toBe('locked')
    expect(await signIn(here, 'alice', 'right', { cookies: renewed })).toBe('passed')
  })

  test('is one of five that have attempts of their own, however many were hoarded', async () => {
    const here = await start()
    const hoard = await Promise.all(Array.from({ length: 40 }, () => cookiesOf(here, 'alice')))
    await fail(here, 'alice', 5)
    let looked = 0
    for (const cookies of hoard)
      for (let time = 0; time < 6; time++)
        if ((await signIn(here, 'alice', 'wrong', { cookies })) === 'failed') looked++
    expect(looked).toBe(25)
  })

  test('is not kept out by a network that is locked', async () => {
    const here = await start({ networkAttempts: 2 })
    const cookies = await cookiesOf(here, 'alice')
    await fail(here, 'bob', 1)
    await fail(here, 'carol', 1)
    expect(await signIn(here, 'dave', 'right')).toBe('locked')
    expect(await signIn(here, 'alice', 'right', { cookies })).toBe('passed')
  })

  test('stays known to all who use it', async () => {
    const here = await start()
    let cookies = await cookiesOf(here, 'alice')
    cookies = await cookiesOf(here, 'bob', { cookies })
    cookies = await cookiesOf(here, 'bob', { cookies })
    for (const name of ['alice', 'bob']) {
      await fail(here, name, 5, { ip: '203.0.113.9' })
      expect(await signIn(here, name, 'right', { cookies })).toBe('passed')
    }
  })

  test('is none if somebody made its cookie up', async () => {
    const here = await start()
    const [cookie = ''] = await cookiesOf(here, 'alice')
    const [, value = ''] = /=([^;]+)/.exec(cookie) ?? []
    await fail(here, 'alice', 5, { ip: '203.0.113.9' })
    const last = value.endsWith('A') ? 'Q' : 'A'
    for (const forged of [
      `${value.slice(0, -1)}${last}`,
      value.slice(1),
      `x${value.slice(1)}`,
      '',
      '.',
      value.repeat(9),
    ])
      expect(await signIn(here, 'alice', 'right', { cookies: [`__Host-device=${forged}`] })).toBe('locked')
    expect(await signIn(here, 'alice', 'right', { cookies: [`__Host-device=x.${value}`] })).toBe('passed')
  })

  test('keeps a cookie that no script can read, and a native app keeps none', async () => {
    const here = await start()
    expect(await cookiesOf(here, 'alice')).toEqual([
      expect.stringMatching(
        /^__Host-device=[\w-]{43}; Max-Age=15552000; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
      ),
    ])
    expect(await cookiesOf(here, 'alice', { headers: { 'x-token-transport': 'body' } })).toEqual([])
  })
})

describe('a session that gives the password again', () => {
  const user = { subject: 'user-1' }
  const own = { ...user, session: 'sid-1', reason: 'password_change' }
  const wrong = (here: Here, times: number, about = own) => fail(here, '', times, {}, about)
  const right = (here: Here, about = own) => signIn(here, '', 'right', {}, about)

  test('is not locked out by strangers, and its failures count for the account', async () => {
    const here = await start()
    await fail(here, 'alice', 5, {}, user)
    await wrong(here, 5)
    expect(await right(here)).toBe('locked')
    expect(await right(here, { ...own, session: 'sid-2' })).toBe('passed')
    here.clock.turn(15 * MINUTE)
    await wrong(here, 5)
    expect(await signIn(here, 'alice', 'right', {}, user)).toBe('locked')
  })

  test('is not kept out by a network that is locked, nor by another site', async () => {
    const here = await start({ networkAttempts: 1 })
    await fail(here, 'bob', 1)
    expect(await signIn(here, 'carol', 'right')).toBe('locked')
    const headers = { 'sec-fetch-site': 'cross-site', origin: 'https://app.example.com' }
    expect(await signIn(here, '', 'right', { headers }, own)).toBe('passed')
  })

  test('is named in the event', async () => {
    const here = await start()
    await wrong(here, 1)
    expect(here.events).toMatchObject([
      { event: 'login.failed', sub: 'user-1', sid: 'sid-1', reason: 'password_change' },
    ])
  })
})

describe('a user whom the application names', () => {
  const user = { subject: 'user-1' }

  test('is one account, whatever names lead there, and shares it with no other user', async () => {
    const here = await start()
    for (const name of ['alice', '\u00e1lice', 'alice@example.com', 'A', 'B'])
      await fail(here, name, 1, {}, user)
    expect(await signIn(here, 'C', 'right', {}, user)).toBe('locked')
    // Where names are case-sensitive, this is somebody else, whose sign-ins forgive alice nothing.
    for (let time = 0; time < 9; time++)
      expect(await signIn(here, 'Alice', 'right', {}, { subject: 'user-2' })).toBe('passed')
    expect(await signIn(here, 'alice', 'right', {}, user)).toBe('locked')
  })

  test('is unlocked by the name and the subject', async () => {
    const { lockout, unlock, ...here } = await start()
    await fail({ lockout, unlock, ...here }, 'alice', 5, {}, user)
    expect(await unlock('alice')).toBe(false)
    expect(await unlock('alice', user)).toBe(true)
    expect(await signIn({ lockout, unlock, ...here }, 'alice', 'right', {}, user)).toBe('passed')
  })
})

describe('a network', () => {
  test('is refused for all accounts after too many failures, and others are not', async () => {
    const here = await start({ networkAttempts: 3 })
    for (const name of ['alice', 'bob', 'carol']) await fail(here, name, 1)
    expect(await signIn(here, 'dave', 'right')).toBe('locked')
    expect(here.events.at(-1)).toMatchObject({ event: 'login.failed', reason: 'network_locked' })
    expect(await signIn(here, 'dave', 'right', { ip: '192.0.2.2' })).toBe('passed')
    expect(await signIn(here, 'dave', 'right', { ip: '' })).toBe('passed')
  })

  test('of IPv6 has all addresses of a site', async () => {
    const here = await start({ networkAttempts: 2 })
    await fail(here, 'alice', 1, { ip: '2001:db8:1:2::1' })
    await fail(here, 'alice', 1, { ip: '2001:db8:1:2:ffff::9' })
    expect(await signIn(here, 'bob', 'right', { ip: '2001:db8:1:2:a:b:c:d' })).toBe('locked')
    expect(await signIn(here, 'bob', 'right', { ip: '2001:db8:1:3::1' })).toBe('passed')
  })

  test('is not charged for attempts at an account that is locked', async () => {
    const here = await start({ networkAttempts: 7 })
    await fail(here, 'alice', 5)
    for (let time = 0; time < 20; time++) expect(await signIn(here, 'alice', 'wrong')).toBe('locked')
    expect(await signIn(here, 'bob', 'right')).toBe('passed')
  })

  test('has its failures still after a sign-in that passed', async () => {
    const here = await start({ networkAttempts: 3 })
    await fail(here, 'alice', 1)
    for (let time = 0; time < 5; time++) expect(await signIn(here, 'own', 'right')).toBe('passed')
    await fail(here, 'alice', 2)
    expect(await signIn(here, 'own', 'right')).toBe('locked')
  })

  test('is not counted where the application wants that, nor by default for so few', async () => {
    const here = await start({ networkAttempts: 0 })
    for (let user = 0; user < 150; user++) await fail(here, `user${user}`, 1)
    expect(await signIn(here, 'alice', 'right')).toBe('passed')
    await close()
    const usual = await start()
    for (let user = 0; user < 100; user++) await fail(usual, `user${user}`, 1)
    expect(await signIn(usual, 'alice', 'right')).toBe('locked')
  })
})

describe('it is told', () => {
  test('by an event for each failure and one for the lock, without the name that was typed', async () => {
    const here = await start()
    await fail(here, 'canary', 5)
    await signIn(here, 'canary', 'right')
    expect(told(here)).toEqual([...Array(5).fill('login.failed'), 'account.locked', 'login.failed'])
    expect(here.events.map((event) => event.reason)).toEqual([
      ...Array(5).fill('invalid_credentials'),
      'too_many_failures',
      'account_locked',
    ])
    expect(here.events.every(({ ip }) => ip === HOME)).toBe(true)
    expect(JSON.stringify(here.events)).not.toContain('canary')
  })

  test('to the application, which may write to the user', async () => {
    const here = await start()
    const from = { headers: { 'user-agent': 'one' } }
    for (let time = 0; time < 5; time++) await signIn(here, 'Alice', 'wrong', from, { subject: 'user-1' })
    expect(here.locked).toEqual([
      {
        ...{ name: 'Alice', subject: 'user-1', ip: HOME, userAgent: 'one' },
        until: new Date(here.clock.now() + 15 * MINUTE),
      },
    ])
    expect(here.events.at(-1)).toMatchObject({ event: 'account.locked', sub: 'user-1' })
  })

  test('and nobody is harmed if the application fails then', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const here = await start({ onLocked: () => Promise.reject(new RangeError('no mail')) })
    await fail(here, 'alice', 5)
    await new Promise((resolve) => setImmediate(resolve))
    expect(warned.mock.calls.map(([message]) => message)).toContainEqual(
      expect.stringContaining('"lockout.onLocked" failed with RangeError'),
    )
    warned.mockRestore()
  })
})

describe('attempts that the application records', () => {
  const allowed = (checked: CheckedSignIn) => {
    if (checked.kind !== 'allowed') throw new RangeError('it is locked')
    return checked.attempt
  }

  test('count as failures until it says otherwise', async () => {
    const { lockout } = await start({ attempts: 2 })
    const view = viewFrom({})
    await lockout.check(view, 'alice')
    const attempt = allowed(await lockout.check(view, 'alice'))
    expect(await lockout.check(view, 'alice')).toMatchObject({ kind: 'refused' })
    expect((await lockout.record(view, attempt, 'success')).cookies).toHaveLength(1)
    expect(await lockout.check(view, 'alice')).toMatchObject({ kind: 'allowed' })
  })

  test('are recorded once', async () => {
    const here = await start()
    const view = viewFrom({})
    const attempt = allowed(await here.lockout.check(view, 'alice'))
    expect(await here.lockout.record(view, attempt, 'failure')).toEqual({ cookies: [] })
    await expect(here.lockout.record(view, attempt, 'success')).rejects.toThrow('was recorded before')
    await expect(here.lockout.record(view, { ...attempt }, 'success')).rejects.toThrow(TypeError)
    expect(told(here)).toEqual(['login.failed'])
  })

  test('are refused with an outcome or an account that makes no sense', async () => {
    const { lockout } = await start()
    const view = viewFrom({})
    const attempt = allowed(await lockout.check(view, 'alice'))
    await expect(lockout.record(view, attempt, 'maybe' as 'success')).rejects.toThrow(
      '"success" or "failure"',
    )
    for (const about of [{ subject: 7 }, { session: {} }, { sub: 'b' }, null, 'x', { crossSite: 'yes' }])
      await expect(lockout.check(view, 'a', about as never)).rejects.toThrow(TypeError)
  })

  test('are refused with a name that is no string, whatever a body has there', async () => {
    const { lockout } = await start()
    for (const name of [undefined, null, 7, {}, ['alice'], { name: 'alice', session: 'sid-1' }])
      expect(await lockout.check(viewFrom({}), name as never)).toEqual({
        kind: 'refused',
        problem: 'body_malformed',
      })
  })

  test('are refused from another site, and tell nobody apart by then', async () => {
    const here = await start({ attempts: 1 })
    const view = viewFrom({ headers: { 'sec-fetch-site': 'cross-site' } })
    for (let time = 0; time < 3; time++)
      expect(await here.lockout.guard(view, 'alice', () => true)).toEqual({
        kind: 'refused',
        problem: 'cross_site',
      })
    expect(new Set(told(here))).toEqual(new Set(['request.refused']))
    const checked = { crossSite: 'checked' } as const
    expect(await here.lockout.guard(view, 'alice', () => true, checked)).toMatchObject({ kind: 'passed' })
  })
})

describe('a name', () => {
  test('of any length and kind is counted at once', async () => {
    const here = await start()
    // To find the canonical form of this one would take minutes, and so longer than a test may.
    const hostile = `a${'\u0345'.repeat(250_000)}${'\u0334'.repeat(250_000)}`
    await fail(here, hostile, 5)
    expect(await signIn(here, hostile, 'right')).toBe('locked')
    expect(await signIn(here, `${hostile}x`, 'right')).toBe('passed')
    expect(here.locked[0]?.name).toHaveLength(256)
  })

  test('counts by its default form while the option fails, which is told once', async () => {
    for (const canonical of [
      () => {
        throw new RangeError('no @')
      },
      () => undefined,
      async (name: string) => name,
    ]) {
      const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
      const here = await start({ canonical: canonical as never })
      await fail(here, 'ALICE', 5)
      expect(await signIn(here, 'alice', 'right')).toBe('locked')
      expect(await signIn(here, 'bob', 'right')).toBe('passed')
      expect(await here.unlock('alice')).toBe(true)
      const told = warned.mock.calls.map(([message]) => String(message))
      expect(told.filter((text) => text.includes('"lockout.canonical"'))).toHaveLength(1)
      warned.mockRestore()
      await close()
    }
  })
})

describe('a store that keeps no counters', () => {
  const driver = memoryStore()
  const store: StoreDriver = {
    ...driver,
    async open(context) {
      const { counters: _counters, ...rest } = await driver.open(context)
      return rest
    },
  }

  test('is refused at start where the options want a lockout', async () => {
    await expect(createSallyport({ secret: SECRET, store, lockout: { attempts: 3 } })).rejects.toThrow(
      new ConfigError('store', { sentence: '"store" has no counters, which the lockout needs' }),
    )
  })

  test('and where a rule is to lock accounts', async () => {
    const anomalies = { rules: { token_theft: { lock: true } } }
    await expect(createSallyport({ secret: SECRET, store, anomalies })).rejects.toThrow(
      new ConfigError('store', {
        sentence: '"store" has no counters, which "lock" of the rule "token_theft" needs',
      }),
    )
  })

  test('or else at the first call', async () => {
    const sallyport = await createSallyport({ secret: SECRET, store })
    close = () => sallyport.close()
    await expect(sallyport.lockout.unlock('alice')).rejects.toThrow(ConfigError)
    await expect(sallyport.lockout.lock('alice')).rejects.toThrow(ConfigError)
    const { lockout } = gateOf(sallyport)
    await expect(lockout.check(viewFrom({}), 'alice')).rejects.toThrow('has no counters')
  })
})
