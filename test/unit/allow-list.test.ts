import {
  createSallyport,
  memoryStore,
  type Sallyport,
  type SallyportEvent,
  type SallyportOptions,
  type StoreDriver,
} from '@sallyport/core'
import { type Answer, type Decision, gateOf } from '@sallyport/core/adapter'
import type { Store } from '@sallyport/core/store'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { textIn } from '../support/text-in.ts'
import { type TurnedClock, turnedClock } from '../support/turned-clock.ts'
import { viewOf } from './view.ts'

const RECHECK_MS = 30_000
const MAX_STALENESS_MS = 10_000
/** For so long nobody asks again for a record that was not there. */
const ABSENT_MS = 1000

/** One store in memory for all processes. A test can delete its records, and keep them from being read. */
interface Records extends StoreDriver {
  /** The sessions whose records were read, in order. */
  readonly reads: string[]
  /** The sessions whose records somebody deleted. */
  readonly gone: Set<string>
  away: boolean
  /** Awaited by each read between the store's work and its answer. */
  onTheWay: () => Promise<void>
}

interface Tokens {
  readonly access: string
  readonly cookie: string
  readonly sid: string
}

interface Process {
  readonly sallyport: Sallyport
  readonly events: readonly SallyportEvent[]
  signIn(subject?: string): Promise<Tokens>
  /** `undefined`: refused. */
  refresh(tokens: Tokens): Promise<Tokens | undefined>
  ask(tokens: Tokens): Decision | Promise<Decision>
  status(tokens: Tokens): Promise<number>
}

let clock: TurnedClock
let records: Records
const open: Sallyport[] = []
beforeEach(() => {
  clock = turnedClock()
  records = createRecords()
})
afterEach(async () => {
  for (const sallyport of open.splice(0)) await sallyport.close()
})

function createRecords(): Records {
  let opened: Promise<Store> | undefined
  const made: Records = {
    ...{ name: 'memory', shared: true, reads: [], gone: new Set(), away: false, onTheWay: async () => {} },
    async open(context) {
      opened ??= memoryStore().open(context)
      const store = await opened
      const { sessions } = store
      return {
        ...store,
        sessions: {
          ...sessions,
          async read(id) {
            made.reads.push(id)
            const reading = await sessions.read(id)
            const found = made.gone.has(id) ? ({ kind: 'unknown' } as const) : reading
            const seen = made.away ? ({ kind: 'unavailable' } as const) : found
            await made.onTheWay()
            return seen
          },
        },
      }
    },
  }
  return made
}

async function start(options: SallyportOptions = {}): Promise<Process> {
  const sallyport = await createSallyport({
    ...{ secret: 'a secret of the test, with its 32 bytes', store: records, clock, allowList: true },
    ...options,
  })
  open.push(sallyport)
  const events: SallyportEvent[] = []
  sallyport.on('event', (event) => events.push(event))
  const gate = gateOf(sallyport)
  const [refreshRoute] = gate.routes(['refresh'])
  const verify = gate.verifier(options.apiKeys === undefined ? {} : { apiKeys: 'accept' })
  const ask: Process['ask'] = ({ access }) =>
    verify(viewOf({ method: 'GET', headers: { authorization: `Bearer ${access}` } }))
  return {
    ...{ sallyport, events, ask },
    async signIn(subject = 'somebody') {
      return tokensOf(await gate.signIn(viewOf({}), { subject }))
    },
    async refresh({ cookie }) {
      const answer = await refreshRoute?.handle(viewOf({ headers: { cookie: `__Host-refresh=${cookie}` } }))
      return answer?.status === 200 ? tokensOf(answer) : undefined
    },
    async status(tokens) {
      const decision = await ask(tokens)
      return decision.kind === 'refuse' ? decision.answer.status : 200
    },
  }
}

function tokensOf({ body, cookies }: Pick<Answer, 'body' | 'cookies'>): Tokens {
  const access: string = JSON.parse(textIn(body)).access_token
  const cookie = /^__Host-refresh=([^;]*)/.exec(cookies[0] ?? '')?.[1] ?? ''
  const { sid } = JSON.parse(Buffer.from(access.split('.')[1] ?? '', 'base64url').toString())
  return { access, cookie, sid }
}

/** Time passes, and the process hears from the store again: its heartbeat does not follow the clock of the test. */
async function pass({ sallyport }: Process, milliseconds: number): Promise<void> {
  clock.turn(milliseconds)
  await sallyport.ready()
}

/** Reads for which nobody waits come to their end. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('a token is good while the store has the record of its session', () => {
  test('and neither a sign-in nor a refresh makes the next request ask for it', async () => {
    const one = await start()
    const first = await one.signIn()
    const second = await one.refresh(first)
    if (second === undefined) throw new Error('the refresh was refused')
    for (const tokens of [first, second]) {
      expect(await one.status(tokens)).toBe(200)
      expect(one.ask(tokens)).toMatchObject({ kind: 'allow', auth: { session: first.sid } })
    }
    expect(records.reads).toEqual([])
  })

  test('and one read serves all requests of a session that another process made', async () => {
    const [one, other] = [await start(), await start()]
    const tokens = await other.signIn()
    const statuses = await Promise.all(Array.from({ length: 50 }, () => one.status(tokens)))
    expect(new Set(statuses)).toEqual(new Set([200]))
    expect(one.ask(tokens)).toMatchObject({ kind: 'allow' })
    expect(records.reads).toEqual([tokens.sid])
  })

  test('which is read again ahead of time, so that no request of a session in use waits for it', async () => {
    const one = await start()
    const tokens = await one.signIn()
    await one.status(tokens)
    for (let round = 1; round <= 4; round++) {
      await pass(one, RECHECK_MS / 2 + 1)
      for (let request = 0; request < 3; request++) expect(one.ask(tokens)).toMatchObject({ kind: 'allow' })
      await settled()
      expect(records.reads).toHaveLength(round)
    }
  })

  test('and is refused, with the reason in an event, once the record is gone', async () => {
    const one = await start()
    const tokens = await one.signIn()
    expect(await one.status(tokens)).toBe(200)
    records.gone.add(tokens.sid)
    await pass(one, RECHECK_MS)
    expect(await one.ask(tokens)).toMatchObject({ kind: 'refuse', answer: { status: 401 } })
    expect(one.events.at(-1)).toMatchObject({
      ...{ event: 'token.refused', outcome: 'failure', reason: 'token_unlisted' },
      ...{ sub: 'somebody', sid: tokens.sid },
    })
  })

  test('and is refused soon after, if it is in use', async () => {
    const one = await start()
    const tokens = await one.signIn()
    await one.status(tokens)
    records.gone.add(tokens.sid)
    await pass(one, RECHECK_MS / 2)
    expect(await one.status(tokens)).toBe(200)
    await settled()
    expect(await one.status(tokens)).toBe(401)
  })

  test('also if the record is not as old as the option says', async () => {
    const one = await start({ allowList: { recheckSeconds: 1 } })
    const tokens = await one.signIn()
    await one.status(tokens)
    records.gone.add(tokens.sid)
    await pass(one, 1000)
    expect(await one.status(tokens)).toBe(401)
  })

  test('for no longer than the session, unless it was refreshed elsewhere', async () => {
    const lives = { refresh: { idleSeconds: 60 }, allowList: { recheckSeconds: 3600 } }
    const [one, other] = [await start(lives), await start(lives)]
    const [idle, used] = [await one.signIn('idle'), await one.signIn('used')]
    await pass(other, 59_000)
    expect(await other.refresh(used)).toBeDefined()
    await pass(one, 1000)
    expect(await one.status(idle)).toBe(401)
    expect(await one.status(used)).toBe(200)
  })

  test('and so is a reference token', async () => {
    const one = await start({ accessToken: 'reference' })
    const { access, cookie } = await signInOpaque(one)
    const tokens = { access, cookie, sid: records.reads[0] ?? '' }
    expect(await one.status(tokens)).toBe(200)
    for (const sid of records.reads) records.gone.add(sid)
    expect(one.ask(tokens)).toMatchObject({ kind: 'allow' })
    await pass(one, RECHECK_MS)
    expect(await one.status(tokens)).toBe(401)
  })

  test('while without the option it is good until it is revoked', async () => {
    const one = await start({ allowList: false })
    const tokens = await one.signIn()
    records.gone.add(tokens.sid)
    await pass(one, RECHECK_MS)
    expect(await one.status(tokens)).toBe(200)
    expect(records.reads).toEqual([])
    await one.sallyport.sessions.revoke(tokens.sid)
    expect(await one.status(tokens)).toBe(401)
  })

  test('and an API key has a record of its own', async () => {
    const one = await start({ apiKeys: {} })
    const made = await one.sallyport.apiKeys.create('somebody', { name: 'a script', scope: ['a'] })
    if (made.kind !== 'created') throw new Error('no room for a key')
    expect(await one.status({ access: made.key, cookie: '', sid: '' })).toBe(200)
    expect(records.reads).toEqual([])
  })
})

async function signInOpaque({ sallyport, ask }: Process): Promise<Pick<Tokens, 'access' | 'cookie'>> {
  const { body, cookies } = await gateOf(sallyport).signIn(viewOf({}), { subject: 'somebody' })
  const access: string = JSON.parse(textIn(body)).access_token
  await ask({ access, cookie: '', sid: '' })
  return { access, cookie: cookies[0] ?? '' }
}

describe('while records cannot be read', () => {
  test('sessions that are known go on for as long as the options say, and others get 503', async () => {
    const [one, other] = [await start(), await start()]
    const [known, unknown] = [await one.signIn(), await other.signIn()]
    await one.status(known)
    records.away = true
    expect(await one.status(unknown)).toBe(503)
    await pass(one, RECHECK_MS)
    expect(await one.status(known)).toBe(200)
    await pass(one, MAX_STALENESS_MS - 1)
    expect(await one.status(known)).toBe(200)
    await pass(one, 1)
    expect(await one.status(known)).toBe(503)
    expect(one.events.at(-1)).toMatchObject({ event: 'decision.degraded', reason: 'store_unavailable' })
    records.away = false
    await pass(one, ABSENT_MS)
    expect([await one.status(known), await one.status(unknown)]).toEqual([200, 200])
  })

  test('one request a second asks for a known session, and the others do not wait', async () => {
    const one = await start()
    const tokens = await one.signIn()
    await one.status(tokens)
    records.away = true
    await pass(one, RECHECK_MS)
    for (let second = 1; second <= 3; second++) {
      expect(one.ask(tokens)).toBeInstanceOf(Promise)
      await settled()
      for (let request = 0; request < 3; request++) expect(one.ask(tokens)).toMatchObject({ kind: 'allow' })
      expect(records.reads).toHaveLength(second)
      await pass(one, ABSENT_MS)
    }
  })

  test('a route may let unknown sessions through, but none that is known to be gone', async () => {
    const [one, other] = [await start(), await start()]
    const verify = gateOf(one.sallyport).verifier({ whenUnavailable: 'allow' })
    const ask = async ({ access }: Tokens) =>
      (await verify(viewOf({ headers: { authorization: `Bearer ${access}` } }))).kind
    const [gone, unknown] = [await other.signIn(), await other.signIn()]
    records.gone.add(gone.sid)
    expect(await ask(gone)).toBe('refuse')
    records.away = true
    expect(await ask(unknown)).toBe('allow')
    expect(await ask(gone)).toBe('refuse')
  })
})

describe('in strict mode', () => {
  test('the record is read for each request', async () => {
    const one = await start({ revocation: { mode: 'strict' } })
    const tokens = await one.signIn()
    const statuses = await Promise.all(Array.from({ length: 5 }, () => one.status(tokens)))
    expect(statuses).toEqual([200, 200, 200, 200, 200])
    expect(records.reads).toHaveLength(5)
    records.gone.add(tokens.sid)
    expect(await one.status(tokens)).toBe(401)
    records.gone.clear()
    records.away = true
    expect(await one.status(tokens)).toBe(503)
  })
})

describe('the cost is bounded', () => {
  test('a session that is gone is asked for once a second', async () => {
    const [one, other] = [await start(), await start()]
    const tokens = await other.signIn()
    records.gone.add(tokens.sid)
    for (let request = 0; request < 20; request++) expect(await one.status(tokens)).toBe(401)
    expect(records.reads).toHaveLength(1)
    await pass(one, ABSENT_MS)
    for (let request = 0; request < 20; request++) expect(await one.status(tokens)).toBe(401)
    expect(records.reads).toHaveLength(2)
  })

  test('what is remembered of sessions has as much room as the cache of tokens', async () => {
    const [one, other] = [await start({ access: { cache: { entries: 2 } } }), await start()]
    const all: Tokens[] = []
    for (const subject of ['a', 'b', 'c']) all.push(await other.signIn(subject))
    for (const tokens of [...all, ...all]) expect(await one.status(tokens)).toBe(200)
    expect(records.reads).toHaveLength(6)
  })

  test('connections end with the session that is found to be gone', async () => {
    const one = await start()
    const tokens = await one.signIn()
    const decision = await one.ask(tokens)
    if (decision.kind !== 'allow') throw new Error('refused')
    let ended = 0
    one.sallyport.endOnRevocation(decision.auth, () => ended++)
    records.gone.add(tokens.sid)
    await pass(one, RECHECK_MS)
    expect(await one.status(tokens)).toBe(401)
    expect(ended).toBe(1)
  })
})

/** What two processes do to the sessions of three users, and what somebody does to the store. */
const step = fc.oneof(
  fc.record({ what: fc.constantFrom('ask', 'ask', 'refresh', 'end', 'delete'), who: fc.nat(2) }),
  fc.record({ what: fc.constant('arrive' as const) }),
  fc.record({ what: fc.constant('turn' as const), seconds: fc.nat(20) }),
)

test('whatever happens in whatever order, ended sessions are refused and others are not', async () => {
  const [one, other] = [await start(), await start()]
  const late: (() => void)[] = []
  const arrive = (): void => {
    for (const release of late.splice(0)) release()
  }
  records.onTheWay = () => new Promise((resolve) => late.push(resolve))
  let run = 0

  async function play(steps: readonly (typeof step extends fc.Arbitrary<infer Step> ? Step : never)[]) {
    run++
    const latest = [await one.signIn(`a${run}`), await other.signIn(`b${run}`), await other.signIn(`c${run}`)]
    const ended = new Set<string>()
    const deletedAt = new Map<string, number>()
    const answers: Promise<void>[] = []

    async function answered(): Promise<void> {
      let isOver = false
      const all = Promise.all(answers.splice(0)).finally(() => {
        isOver = true
      })
      while (!isOver) {
        arrive()
        await settled()
      }
      await all
    }

    async function judged(tokens: Tokens): Promise<void> {
      const deleted = deletedAt.get(tokens.sid) ?? Number.POSITIVE_INFINITY
      const mustBeRefused = ended.has(tokens.sid) || clock.monotonic() - deleted >= RECHECK_MS
      const status = await one.status(tokens)
      if (mustBeRefused) expect(status).toBe(401)
      else if (!ended.has(tokens.sid) && !deletedAt.has(tokens.sid)) expect(status).toBe(200)
    }

    for (const next of steps) {
      if (next.what === 'arrive') arrive()
      if (next.what === 'turn') {
        // No answer is on its way for as long.
        await answered()
        await pass(one, next.seconds * 1000)
      }
      if (!('who' in next)) continue
      const tokens = latest[next.who] as Tokens
      if (next.what === 'ask') answers.push(judged(tokens))
      // While reads are on their way.
      if (next.what === 'refresh' && !deletedAt.has(tokens.sid)) {
        const refreshed = await one.refresh(tokens)
        expect(refreshed === undefined).toBe(ended.has(tokens.sid))
        latest[next.who] = refreshed ?? tokens
      }
      if (next.what === 'end') {
        await one.sallyport.sessions.revoke(tokens.sid)
        ended.add(tokens.sid)
      }
      if (next.what === 'delete' && !deletedAt.has(tokens.sid)) {
        records.gone.add(tokens.sid)
        deletedAt.set(tokens.sid, clock.monotonic())
      }
    }
    answers.push(...latest.map(judged))
    await answered()
  }

  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 25 }), play), { numRuns: 100 })
})
