import { createServer, type ServerResponse } from 'node:http'
import type { Sallyport } from '@sallyport/core'
import * as forExpress from '@sallyport/express'
import * as forFastify from '@sallyport/fastify'
import * as forKoa from '@sallyport/koa'
import express from 'express'
import fastify from 'fastify'
import Koa from 'koa'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Listening, listening } from '../support/listening.ts'

// A handler has several objects at hand, and a call takes one or two of them. What it says when it is given another.

/** What a caller without a type checker may pass. */
type Loose = (...args: unknown[]) => unknown
/** What a handler has at hand, by the name that it has there. */
type AtHand = Readonly<Record<string, unknown>>
type Act = (atHand: AtHand) => unknown

interface Site {
  readonly sallyport: Sallyport
  readonly app: Listening
}
/** Starts a server with a sign-in, which does something in each of its other handlers. */
type Start = (act: Act) => Promise<Site>

const onExpress: Start = async (act) => {
  const sallyport = await forExpress.createSallyport()
  const app = express()
  app.post('/', (req, res) => sallyport.signIn(req, res, { subject: 'u1' }))
  app.get('/', async (req, res) => {
    await act({ req, res })
    res.end()
  })
  return { sallyport, app: await listening(createServer(app), sallyport.close) }
}

const onKoa: Start = async (act) => {
  const sallyport = await forKoa.createSallyport()
  const app = new Koa()
  app.use(async (ctx) => {
    if (ctx.method === 'POST') return sallyport.signIn(ctx, { subject: 'u1' })
    const { request, response, req, res } = ctx
    await act({ ctx, 'ctx.request': request, 'ctx.response': response, 'ctx.req': req, 'ctx.res': res })
    ctx.status = 204
  })
  return { sallyport, app: await listening(createServer(app.callback()), sallyport.close) }
}

const onFastify: Start = async (act) => {
  const sallyport = await forFastify.createSallyport()
  const app = fastify()
  app.post('/', (request, reply) => sallyport.signIn(request, reply, { subject: 'u1' }))
  app.get('/', async (request, reply) => {
    await act({ request, reply, 'request.raw': request.raw, 'reply.raw': reply.raw })
    return {}
  })
  await app.ready()
  return { sallyport, app: await listening(app.server, () => app.close()) }
}

const FOREIGN: readonly [says: string, given: unknown][] = [
  ['nothing', undefined],
  ['null', null],
  ['an object', {}],
  ['a string', 'eyJhbGciOi.a-token.of-somebody'],
  ['a Request of the Fetch standard', new Request('http://localhost/')],
]

/** Calls that send nothing, and so do not look at the response. */
const READING = ['sessions.find', 'sessions.handOver', 'lockout.check']

describe.each([
  ['Express', onExpress, forExpress, ['req', 'res']],
  ['Koa', onKoa, forKoa, ['ctx']],
  ['Fastify', onFastify, forFastify, ['request', 'reply']],
] as const)('on %s', (framework, start, { getAuth, findAuth }, parts) => {
  let site: Site
  let act: Act
  let token: string
  beforeAll(async () => {
    site = await start((atHand) => act(atHand))
    const answer = await fetch(site.app.url, { method: 'POST' })
    token = ((await answer.json()) as { access_token: string }).access_token
  })
  afterAll(() => site.app.close())

  /** What something that is done in a handler returns. */
  async function inHandler<T>(doIt: (atHand: AtHand) => T | Promise<T>): Promise<T> {
    const done = new Promise<T>((resolve, reject) => {
      act = async (atHand) => Promise.resolve(atHand).then(doIt).then(resolve, reject)
    })
    const sent = fetch(site.app.url, { headers: { authorization: `Bearer ${token}` } })
    const [value] = await Promise.all([done, sent])
    return value
  }
  async function messageOf(call: () => unknown): Promise<string> {
    try {
      await call()
      return 'nothing was thrown'
    } catch (cause) {
      return String(cause)
    }
  }
  const [first] = parts
  const ofFramework = (atHand: AtHand): readonly [says: string, given: unknown][] =>
    Object.entries(atHand).flatMap(([name, one]): [string, unknown][] =>
      name === first ? [] : [[`its ${name}`, one]],
    )
  const others = (atHand: AtHand) => [...ofFramework(atHand), ...FOREIGN]
  const exchangeOf = (atHand: AtHand): unknown[] => parts.map((part) => atHand[part])
  const whole = (): Record<string, Loose> => site.sallyport as unknown as Record<string, Loose>

  test.each([
    ['getAuth', getAuth as Loose],
    ['findAuth', findAuth as Loose],
  ])('%s says what it takes, and what it was given', async (name, call) => {
    await inHandler(async (atHand) => {
      for (const [says, given] of others(atHand))
        expect(await messageOf(() => call(given))).toBe(
          `TypeError: ${name}: takes ${framework}'s ${first}, and was given ${says}`,
        )
    })
  })

  test('a request without authMiddleware is not taken for a mistake of this kind', async () => {
    await inHandler(async (atHand) => {
      expect(await messageOf(() => (getAuth as Loose)(atHand[first]))).toMatch(
        /^TypeError: there is no caller/,
      )
      expect((findAuth as Loose)(atHand[first])).toBeUndefined()
    })
  })

  test.each([
    'signIn',
    'stepUp',
    'guardSignIn',
    'sessions.start',
    'sessions.stepUp',
    'sessions.end',
    'sessions.find',
    'sessions.handOver',
    'sessions.revokeOthers',
    'lockout.check',
    'lockout.record',
  ])('%s does nothing for what is no exchange, and says what it was given', async (path) => {
    const [member = '', of] = path.split('.').toReversed()
    const holder = of === undefined ? whole() : Reflect.get(site.sallyport, of)
    const call = (...args: unknown[]) =>
      messageOf(() => holder[member](...args, { subject: 'u2' }, () => 'u2'))
    const used = READING.includes(path) ? [first] : parts
    await inHandler(async (atHand) => {
      const [, ...rest] = exchangeOf(atHand)
      const takes = `TypeError: ${path}: takes ${framework}'s ${used.join(' and ')}, and was given`
      const place = (part: string) => (used.length > 1 ? ` as ${part}` : '')
      for (const [says, given] of others(atHand))
        expect(await call(given, ...rest)).toBe(`${takes} ${says}${place(first)}`)
      for (const [index, part] of used.entries())
        if (index > 0)
          expect(await call(atHand[first], atHand[first])).toBe(`${takes} its ${first} as ${part}`)
    })
    expect((await site.sallyport.sessions.list('u2')).length).toBe(0)
  })

  test.each(['signIn', 'stepUp', 'guardSignIn', 'sessions.start', 'sessions.end', 'sessions.revokeOthers'])(
    '%s does nothing once the response has been sent',
    async (path) => {
      const [member = '', of] = path.split('.').toReversed()
      const holder = of === undefined ? whole() : Reflect.get(site.sallyport, of)
      await inHandler(async (atHand) => {
        const raw = atHand['reply.raw'] ?? atHand['ctx.res'] ?? atHand.res
        ;(raw as ServerResponse).end()
        const rest = path === 'guardSignIn' ? ['u3', () => 'u3'] : [{ subject: 'u3' }]
        expect(await messageOf(() => holder[member](...exchangeOf(atHand), ...rest))).toBe(
          `TypeError: ${path}: the response has been sent already: await this call before you answer`,
        )
      })
      expect((await site.sallyport.sessions.list('u3')).length).toBe(0)
    },
  )

  test('what another middleware puts in the place of the caller is none', async () => {
    await inHandler(async (atHand) => {
      const request = atHand[first] as { auth?: unknown; state?: { auth?: unknown } }
      for (const auth of [{ user: 'bob' }, { own: true, subject: 'bob', scopes: ['a'] }, 'bob']) {
        if (framework === 'Koa' && request.state) request.state.auth = auth
        else request.auth = auth
        expect((findAuth as Loose)(request)).toBeUndefined()
        expect(await messageOf(() => (getAuth as Loose)(request))).toMatch(/^TypeError: there is no caller/)
      }
    })
  })

  test('what only reads does so where there is no response, as in an upgrade of the connection', async () => {
    await inHandler(async (atHand) => {
      const nothing = parts.slice(1).map(() => undefined)
      const { find } = site.sallyport.sessions as unknown as Record<string, Loose>
      expect(await find?.(atHand[first], ...nothing)).toBeUndefined()
    })
  })

  test('a request stays one if a proxy stands for it, or the application has put more on its answer', async () => {
    await inHandler(async (atHand) => {
      const [request, ...rest] = exchangeOf(atHand) as [object, ...unknown[]]
      const passedOn = new Proxy({}, { get: (_, name) => Reflect.get(request, name) })
      const silent = new Proxy(request, {
        has: () => {
          throw new RangeError('it does not tell')
        },
      })
      for (const one of [passedOn, silent]) expect((findAuth as Loose)(one)).toBeUndefined()
      for (const one of rest) Object.assign(one as object, { url: '/', headers: {}, originalUrl: '/' })
      const { find, revokeOthers } = site.sallyport.sessions as unknown as Record<string, Loose>
      expect(await find?.(request, ...rest)).toBeUndefined()
      expect(await messageOf(() => revokeOthers?.(request, ...rest))).toMatch(/there is no caller/)
    })
  })

  test('what failed is the cause of what is said', async () => {
    const made = whole().authMiddleware?.() as Loose
    const call = async () => made({})
    await expect(call()).rejects.toMatchObject({ name: 'TypeError', cause: expect.any(Error) })
  })

  const byHand: [string, () => unknown][] = [
    ['authMiddleware', () => whole().authMiddleware?.()],
    ['guard', () => whole().guard?.(() => ({ kind: 'pass' }))],
    ['requireScope', () => whole().requireScope?.('a')],
  ]
  test.each(byHand)('what %s makes says the same when it is called by hand', async (name, make) => {
    const says = (what: string) => `TypeError: ${name}: takes ${framework}'s ${first}, and was given ${what}`
    await inHandler(async (atHand) => {
      const [, ...rest] = exchangeOf(atHand)
      const made = make() as Loose
      const goOn = () => expect.unreachable('it went on')
      for (const [what, given] of ofFramework(atHand))
        expect(await messageOf(() => made(given, ...rest, goOn))).toBe(says(what))
      for (const [what, given] of FOREIGN) expect(await messageOf(() => made(given))).toBe(says(what))
    })
  })

  test('what fails behind authMiddleware and a guard is left as it is', async () => {
    await inHandler(async (atHand) => {
      const [known, guarded] = [
        whole().authMiddleware?.(),
        whole().guard?.(() => ({ kind: 'pass' })),
      ] as Loose[]
      await new Promise((resolve) => known?.(...exchangeOf(atHand), resolve))
      const goOn = () => {
        throw new RangeError('a bug of the application')
      }
      for (const made of [known, guarded])
        expect(await messageOf(() => made?.(...exchangeOf(atHand), goOn))).toBe(
          'RangeError: a bug of the application',
        )
    })
  })
})
