import { createSallyport, memoryStore, type SallyportEvent, UnavailableError } from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import { afterEach, expect, test } from 'vitest'
import { textIn } from '../support/text-in.ts'
import { viewOf } from './view.ts'

let close: () => Promise<void> = async () => {}
afterEach(() => close())

async function start(store = memoryStore()) {
  const sallyport = await createSallyport({
    secret: 'a secret of the test, with its 32 bytes',
    store,
    activity: {},
  })
  close = () => sallyport.close()
  const events: SallyportEvent[] = []
  sallyport.on('event', (event) => events.push(event))
  const gate = gateOf(sallyport)
  const [activity] = gate.routes(['activity'])
  return {
    sallyport,
    events,
    async signIn(subject: string) {
      const answer = await gate.signIn(viewOf({}), { subject })
      const { access_token: token } = JSON.parse(textIn(answer.body)) as { access_token: string }
      return token
    },
    async eventsOf(token: string): Promise<string[]> {
      const view = viewOf({ method: 'GET', headers: { authorization: `Bearer ${token}` } })
      const { body = '' } = (await activity?.handle(view)) ?? {}
      return (JSON.parse(textIn(body)) as { events: { event: string }[] }).events.map(({ event }) => event)
    },
  }
}

test('a user who is forgotten is signed out, and nothing of the user is left to be shown', async () => {
  const { sallyport, events, signIn, eventsOf } = await start()
  const [token, other] = [await signIn('one'), await signIn('other')]
  await signIn('one')
  const { ended } = await sallyport.forgetUser('one')
  expect(ended).toHaveLength(2)
  expect(await sallyport.tokens.verify(token)).toMatchObject({ kind: 'refused', problem: 'token_revoked' })
  expect(await sallyport.sessions.list('one')).toHaveLength(0)
  expect(events.filter(({ event }) => event === 'session.ended')).toMatchObject([
    { sub: 'one', reason: 'revoked_by_application' },
    { sub: 'one', reason: 'revoked_by_application' },
  ])
  expect(await eventsOf(await signIn('one'))).toEqual(['session.started'])
  expect(await eventsOf(other)).toEqual(['session.started'])
})

test('one who is not known is forgotten, too, and the reason is the one that is given', async () => {
  const { sallyport, events, signIn } = await start()
  expect(await sallyport.forgetUser('nobody')).toEqual({ ended: [] })
  await signIn('one')
  await sallyport.forgetUser('one', { reason: 'account_deleted' })
  expect(events.at(-1)).toMatchObject({ event: 'session.ended', reason: 'account_deleted' })
  await expect(sallyport.forgetUser('')).rejects.toThrow(TypeError)
  await expect(sallyport.forgetUser('one', { because: 'x' } as never)).rejects.toThrow('unknown member')
})

test('a session that begins meanwhile ends as well, and is named', async () => {
  const driver = memoryStore()
  let signInAgain: () => Promise<unknown> = async () => {}
  const { sallyport, signIn } = await start({
    ...driver,
    async open(context) {
      const store = await driver.open(context)
      const { activity } = store
      if (activity === undefined) throw new TypeError('the store keeps no activity')
      const append: typeof activity.append = async (...args) => {
        const again = signInAgain
        signInAgain = async () => {}
        await again()
        return activity.append(...args)
      }
      return { ...store, activity: { ...activity, append } }
    },
  })
  await signIn('one')
  signInAgain = () => signIn('one')
  const { ended } = await sallyport.forgetUser('one')
  expect(ended).toHaveLength(2)
  expect(await sallyport.sessions.list('one')).toHaveLength(0)
})

test('while the store is away, or the user goes on signing in, it rejects', async () => {
  for (const kind of ['unavailable', 'in_use'] as const) {
    const driver = memoryStore()
    const { sallyport } = await start({
      ...driver,
      async open(context) {
        const store = await driver.open(context)
        return { ...store, sessions: { ...store.sessions, erase: () => Promise.resolve({ kind }) } }
      },
    })
    await expect(sallyport.forgetUser('one')).rejects.toThrow(UnavailableError)
    await close()
  }
})
