import {
  createSallyport,
  memoryStore,
  type PolicyDecision,
  type PolicyEngine,
  type PolicyRequest,
  SallyportError,
  type SallyportEvent,
  type SallyportOptions,
} from '@sallyport/core'
import { type Guard, gateOf } from '@sallyport/core/adapter'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { configFault } from '../support/config-fault.ts'
import { foreignPromise } from '../support/foreign-promise.ts'
import { type TurnedClock, turnedClock } from '../support/turned-clock.ts'
import { viewOf } from './view.ts'

const notices: string[] = []
const closing: (() => Promise<void>)[] = []
beforeEach(() => {
  notices.length = 0
  vi.spyOn(process, 'emitWarning').mockImplementation((warning) => void notices.push(String(warning)))
})
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
  vi.restoreAllMocks()
})

type Decide = PolicyEngine['decide']
type Policies = Partial<NonNullable<SallyportOptions['policies']>>

interface World {
  readonly requirePolicy: (action: string, resource: never) => Guard
  readonly events: SallyportEvent[]
  readonly clock: TurnedClock
}

async function worldWith(
  decide: Decide,
  more: Policies = {},
  options: SallyportOptions = {},
): Promise<World> {
  const clock = turnedClock()
  const sallyport = await createSallyport({
    ...{ secret: 'a secret of the test, with its 32 bytes', store: memoryStore(), clock },
    policies: { engine: { name: 'Test', decide }, ...more },
    ...options,
  })
  closing.push(sallyport.close)
  const events: SallyportEvent[] = []
  sallyport.on('event', (event) => void events.push(event))
  return { requirePolicy: gateOf(sallyport).guards.requirePolicy, events, clock }
}

const auth = {
  ...{ issuer: 'https://auth.example.com', own: true, subject: 'u1', session: 's1', client: 'web' },
  ...{ scopes: ['a', 'b'], kid: 'k1', credential: 'access_token' as const },
  claims: { iss: 'https://auth.example.com', sub: 'u1', aud: 'x', exp: 1, jti: 'j1', roles: ['editor'] },
}
const view = viewOf({
  ...{ method: 'PUT', target: '/documents/7?token=secret', ip: '::ffff:192.0.2.1' },
  headers: { 'user-agent': 'curl\u202e', 'x-request-id': 'r1' },
})
const resource = { type: 'document', id: '7', attributes: { owner: 'u1' } }
const document = resource as never

const run = async (world: World, given: unknown = document, caller: object = auth) =>
  world.requirePolicy('document:edit', given as never)(caller as never, view, world.clock)
const denied = { kind: 'refuse', problem: 'access_denied' }
const undecided = { kind: 'refuse', problem: 'policy_unavailable' }

test('an engine is asked who wants what, of what, and in which circumstances', async () => {
  const asked: PolicyRequest[] = []
  const world = await worldWith((request) => {
    asked.push(request)
    return { kind: 'permit' }
  })
  expect(await run(world)).toEqual({ kind: 'pass' })
  expect(asked).toEqual([
    {
      principal: {
        ...{ id: 'u1', issuer: auth.issuer, own: true, subject: 'u1', session: 's1', client: 'web' },
        ...{ roles: ['editor'], scopes: ['a', 'b'], claims: auth.claims },
      },
      action: 'document:edit',
      resource,
      environment: {
        time: new Date(world.clock.now()).toISOString(),
        ...{ ip: '192.0.2.1', method: 'PUT', path: '/documents/7', userAgent: 'curl\u202e' },
      },
    },
  ])
})

test('a subject of another issuer has another name', async () => {
  const asked: PolicyRequest[] = []
  const world = await worldWith((request) => {
    asked.push(request)
    return { kind: 'deny' }
  })
  const issuer = 'https://partner.example.net'
  expect(await run(world, document, { ...auth, issuer, own: false })).toEqual(denied)
  expect(asked[0]?.principal).toMatchObject({ id: `${issuer} u1`, subject: 'u1', own: false })
  expect(world.events[0]).toMatchObject({ sub: `${issuer} u1`, sid: `${issuer} s1`, jti: `${issuer} j1` })
})

test('a decision at once is no promise', async () => {
  const world = await worldWith(() => ({ kind: 'permit' }))
  expect(world.requirePolicy('a', document)(auth, view, world.clock)).toEqual({ kind: 'pass' })
})

test('a promise of any library is waited for', async () => {
  const world = await worldWith(() => foreignPromise(Promise.resolve({ kind: 'permit' } as const)))
  expect(await run(world)).toEqual({ kind: 'pass' })
  const found = await run(world, () => foreignPromise(Promise.resolve(resource)))
  expect(found).toEqual({ kind: 'pass' })
})

describe('what is told', () => {
  const names = { sub: 'u1', sid: 's1', jti: 'j1', ip: '192.0.2.1', user_agent: 'curl?', request_id: 'r1' }
  const about = { ...names, action: 'document:edit', resource: 'document', resource_id: '7' }

  test('a permit, with the policies and the id of the decision', async () => {
    const world = await worldWith(() => ({ kind: 'permit', policy: 'owners\nand', id: 'd1' }))
    await run(world)
    const { time: _time, ...event } = world.events[0] ?? { time: '' }
    const decisive = { policy: 'owners?and', decision_id: 'd1' }
    expect(event).toEqual({ event: 'policy.permitted', outcome: 'success', ...about, ...decisive })
  })

  test('no permit, if that is chosen; but denials, and what could not be decided', async () => {
    let decision: PolicyDecision | undefined
    const world = await worldWith(() => decision as PolicyDecision, { permits: 'none' })
    decision = { kind: 'permit' }
    await run(world)
    expect(world.events).toEqual([])
    decision = { kind: 'deny', reason: 'no_policy' }
    await run(world)
    decision = undefined
    await run(world)
    expect(world.events.map(({ event, outcome, reason }) => [event, outcome, reason])).toEqual([
      ['policy.denied', 'failure', 'no_policy'],
      ['decision.degraded', 'failure', 'policy_unavailable'],
    ])
    expect(world.events[1]).toMatchObject(about)
  })

  test('a denial without a reason', async () => {
    const world = await worldWith(() => ({ kind: 'deny', policy: 'locked' }))
    await run(world)
    expect(world.events[0]).toMatchObject({
      event: 'policy.denied',
      reason: 'access_denied',
      policy: 'locked',
    })
  })
})

describe('an engine that does not decide refuses with 503', () => {
  class EngineError extends SallyportError {
    readonly code = 'ERR_TEST'
  }
  const throwing = {
    get kind(): never {
      throw new Error('no')
    },
  }
  const unpromising = {
    // biome-ignore lint/suspicious/noThenProperty: it has to be taken for a promise
    then(): never {
      throw new RangeError()
    },
  }
  const failed = (why: string): string =>
    `the policy engine Test ${why}: what it should decide is refused with 503`
  // biome-ignore format: one row, one line
  const rows: readonly (readonly [what: string, decide: () => unknown, says: string])[] = [
    ['it throws', () => { throw new TypeError('with a secret') }, failed('failed: TypeError')],
    ['it throws what is no error', () => { throw 'a secret' }, failed('failed: string')],
    ['it throws an error of the library', () => { throw new EngineError('Test answered 500') }, failed('failed: Test answered 500')],
    ['it rejects', async () => { throw new TypeError('with a secret') }, failed('failed: TypeError')],
    ['nothing', () => undefined, failed('returned no decision')],
    ['true', () => true, failed('returned no decision')],
    ['a promise of true', async () => true, failed('returned no decision')],
    ['another kind', () => ({ kind: 'allow' }), failed('returned no decision')],
    ['kinds', () => ({ kind: ['permit'] }), failed('returned no decision')],
    ['an object of JavaScript', () => Object.create({ kind: 'permit', policy: 5 }), failed('returned no decision')],
    ['a policy that is no string', () => ({ kind: 'permit', policy: ['a'] }), failed('returned no decision')],
    ['what throws when it is read', () => throwing, failed('failed: Error')],
    ['what throws when it is read later', async () => throwing, failed('failed: Error')],
    ['a promise that cannot be waited for', () => unpromising, failed('failed: RangeError')],
    ['a promise that never ends', () => new Promise(() => {}), failed('did not answer within 10 ms')],
  ]
  test.each(rows)('%s', async (_what, decide, says) => {
    const world = await worldWith(decide as Decide, { timeoutMs: 10 })
    expect(await run(world)).toEqual(undecided)
    expect(await run(world)).toEqual(undecided)
    expect(world.events).toHaveLength(2)
    expect(world.events[0]).toMatchObject({
      ...{ event: 'decision.degraded', outcome: 'failure', reason: 'policy_unavailable' },
      ...{ sub: 'u1', action: 'document:edit', resource: 'document', resource_id: '7' },
    })
    expect(notices).toEqual([says])
  })

  test('whoever waits no longer says so, and a decision that comes later changes nothing', async () => {
    const signals: AbortSignal[] = []
    let decide: (decision: PolicyDecision) => void = () => {}
    const world = await worldWith(
      (_request, signal) => {
        signals.push(signal())
        return new Promise((resolve) => {
          decide = resolve
        })
      },
      { timeoutMs: 10 },
    )
    expect(await run(world)).toEqual(undecided)
    expect(signals[0]?.aborted).toBe(true)
    decide({ kind: 'permit' })
    await new Promise((resolve) => setImmediate(resolve))
    expect(world.events).toHaveLength(1)
  })

  test('one that asks for the signal too late finds it aborted', async () => {
    let late: (() => AbortSignal) | undefined
    const world = await worldWith(
      (_request, signal) => {
        late = signal
        return new Promise(() => {})
      },
      { timeoutMs: 10 },
    )
    await run(world)
    expect(late?.().aborted).toBe(true)
  })

  test('it is told when it decides again', async () => {
    let isAway = true
    const world = await worldWith(() => {
      if (isAway) throw new EngineError('Test answered 500')
      return { kind: 'permit' }
    })
    await run(world)
    isAway = false
    expect(await run(world)).toEqual({ kind: 'pass' })
    expect(notices).toHaveLength(1)
    world.clock.turn(11_000)
    await run(world)
    expect(notices[1]).toBe('the policy engine Test decides again')
  })
})

describe('the resource', () => {
  test('is judged with the address that the client had, although it hangs up meanwhile', async () => {
    const asked: PolicyRequest[] = []
    const world = await worldWith((request) => {
      asked.push(request)
      return { kind: 'deny' }
    })
    const connection = { ...viewOf({}), ip: '192.0.2.9' as string | undefined }
    const find = async () => {
      connection.ip = undefined
      return resource
    }
    await world.requirePolicy('document:edit', find as never)(auth as never, connection, world.clock)
    expect(asked.map(({ environment }) => environment.ip)).toEqual(['192.0.2.9'])
    expect(world.events).toMatchObject([{ event: 'policy.denied', ip: '192.0.2.9' }])
  })

  test('is found for each request, at once or later', async () => {
    const asked: PolicyRequest[] = []
    const world = await worldWith((request) => {
      asked.push(request)
      return { kind: 'permit' }
    })
    const find = (caller: typeof auth, { target }: typeof view) => ({
      type: 'file',
      id: `${caller.subject} ${target}`,
    })
    expect(await run(world, find)).toEqual({ kind: 'pass' })
    expect(await run(world, async (...args: Parameters<typeof find>) => find(...args))).toEqual({
      kind: 'pass',
    })
    expect(asked.map((one) => one.resource.id)).toEqual(Array(2).fill('u1 /documents/7?token=secret'))
  })

  test.each([
    ['undefined', () => undefined],
    ['null', () => null],
    ['a promise of nothing', async () => undefined],
  ])('that is not there (%s) is denied, and nobody is asked', async (_what, find) => {
    const decide = vi.fn(() => ({ kind: 'permit' }) as const)
    const world = await worldWith(decide)
    expect(await run(world, find)).toEqual(denied)
    expect(world.events[0]).toMatchObject({
      event: 'policy.denied',
      reason: 'resource_missing',
      action: 'document:edit',
    })
    expect(world.events[0]).not.toHaveProperty('resource')
    expect(decide).not.toHaveBeenCalled()
  })

  test.each([
    [
      'what throws',
      () => {
        throw new RangeError('secret')
      },
      'RangeError',
    ],
    [
      'what rejects',
      async () => {
        throw new RangeError('secret')
      },
      'RangeError',
    ],
    ['a string', () => 'document', 'TypeError'],
    ['no type', async () => ({ id: '7' }), 'TypeError'],
    ['an empty type', () => ({ type: '' }), 'TypeError'],
    ['an id that is no string', () => ({ type: 'document', id: 7 }), 'TypeError'],
    ['attributes that are none', () => ({ type: 'document', attributes: 'owner' }), 'TypeError'],
  ])(
    'that cannot be found out (%s) is refused with 503, told once, and nobody is asked',
    async (_what, find, error) => {
      const decide = vi.fn(() => ({ kind: 'permit' }) as const)
      const world = await worldWith(decide)
      const guard = world.requirePolicy('document:edit', find as never)
      expect(await guard(auth, view, world.clock)).toEqual(undecided)
      expect(await guard(auth, view, world.clock)).toEqual(undecided)
      expect(world.events[0]).toMatchObject({ event: 'decision.degraded', reason: 'resource_unavailable' })
      await vi.waitFor(() => expect(notices).toHaveLength(1))
      expect(notices[0]).toBe(
        `the function of requirePolicy("document:edit") failed with ${error}; this is told once`,
      )
      expect(decide).not.toHaveBeenCalled()
    },
  )

  test('is a copy: whoever changes what was given changes nothing', async () => {
    const asked: PolicyRequest[] = []
    const world = await worldWith((request) => {
      asked.push(request)
      return { kind: 'permit' }
    })
    const given = { type: 'document', id: '7' }
    const guard = world.requirePolicy('a', given as never)
    given.id = '8'
    await guard(auth, view, world.clock)
    expect(asked[0]?.resource.id).toBe('7')
  })
})

test('a decision that must be written passes nobody before it is', async () => {
  let isFull = true
  const written: string[] = []
  const sink = {
    name: 'test',
    async write(events: readonly SallyportEvent[]) {
      if (isFull) throw new Error('ENOSPC')
      written.push(...events.map(({ event }) => event))
    },
  }
  const asked = vi.fn(() => ({ kind: 'permit' }) as const)
  const world = await worldWith(asked, {}, { audit: { sink, required: true, subjects: 'plain' } })
  expect(await run(world)).toEqual({ kind: 'refuse', problem: 'audit_unavailable' })
  isFull = false
  await vi.waitFor(async () => expect(await run(world)).toEqual({ kind: 'pass' }))
  expect(written.at(-1)).toBe('policy.permitted')
  const silent = await worldWith(
    () => ({ kind: 'permit' }),
    { permits: 'none' },
    { audit: { sink, required: true } },
  )
  await vi.waitFor(() => expect(written).toContain('key.rotated'))
  expect(silent.requirePolicy('a', document)(auth, view, silent.clock)).toEqual({ kind: 'pass' })
})

test('the guard is refused where it cannot be made', async () => {
  const world = await worldWith(() => ({ kind: 'permit' }))
  for (const action of ['', undefined, 5])
    expect(() => world.requirePolicy(action as string, document)).toThrow(/^requirePolicy: name the action/)
  for (const wrong of [undefined, 'document', {}, { type: '' }, { type: 'a', id: 5 }])
    expect(() => world.requirePolicy('a', wrong as never)).toThrow(/^requirePolicy: a resource is an object/)
  const without = await createSallyport()
  closing.push(without.close)
  const fault = await configFault(() => gateOf(without).guards.requirePolicy('a', resource))
  expect([fault.option, fault.message]).toEqual([
    'policies',
    'requirePolicy needs the option "policies": set policies: { engine }',
  ])
})
