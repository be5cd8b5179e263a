import type { IncomingMessage, ServerResponse } from 'node:http'
import { BrokenRuleError, type RefreshStormOptions, refreshStorm } from '@sallyport/testing'
import express from 'express'
import { afterEach, describe, expect, test } from 'vitest'
import { frameworks, onExpress, type Tested } from './apps.ts'

const opened: Tested[] = []
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
})
async function opening<T extends Tested>(tested: Promise<T>): Promise<T> {
  const one = await tested
  opened.push(one)
  return one
}

const RULES = [
  ...['one_line', 'shared_key', 'lost_answer', 'other_key', 'old_cookie', 'logout_wins', 'forged_cookie'],
  ...['cross_site', 'own_answers'],
]

describe.each(frameworks)('on %s', (_name, start) => {
  test('every rule holds, with and without a grace', async () => {
    for (const graceSeconds of [10, 0]) {
      const { app, signIn, clock } = await opening<Tested>(start({ refresh: { graceSeconds } }))
      const verdict = await refreshStorm(app, { signIn, clock, graceSeconds, protectedPath: '/me' })
      expect(verdict.rules.map(({ rule }) => rule)).toEqual(RULES)
    }
  })
})

test('it takes the URL of a server, too', async () => {
  const { url, signIn } = await opening(onExpress())
  const { rules } = await refreshStorm(url, { signIn, protectedPath: '/me', parallel: 3 })
  expect(rules).toHaveLength(RULES.length)
})

type Handler = (request: IncomingMessage, response: ServerResponse, next: () => void) => void

/** An application that has something in front of the routes of the library. */
async function stormOn(
  inFront: (tested: Tested) => Handler,
  refresh: { readonly graceSeconds?: number } = {},
): Promise<Map<string, string>> {
  const tested = await opening(onExpress({ refresh }))
  const { signIn, clock, app: inner } = tested
  const outer = express()
  outer.use(inFront(tested))
  outer.use(inner)
  const storm = refreshStorm(outer, { signIn, clock, protectedPath: '/me', ...refresh })
  const error = await storm.then(
    () => undefined,
    (cause: unknown) => cause,
  )
  if (!(error instanceof BrokenRuleError)) throw new Error('no rule is broken', { cause: error })
  return new Map(error.broken.map(({ rule, seen }) => [rule, seen]))
}

const isFor = (path: string, { url }: IncomingMessage): boolean => url === path

/** What applications get wrong, and the rules that it breaks. */
const mistakes: Readonly<Record<string, readonly [readonly string[], (tested: Tested) => Handler]>> = {
  'a limit of requests': [
    ['one_line', 'shared_key'],
    () => {
      const counts = new Map<string, number>()
      return (request, response, next) => {
        const { cookie = '' } = request.headers
        const count = (counts.get(cookie) ?? 0) + 1
        counts.set(cookie, count)
        if (!isFor('/auth/refresh', request) || count <= 3) return next()
        response.writeHead(429).end()
      }
    },
  ],
  'a proxy that drops the Idempotency-Key': [
    ['other_key'],
    () => (request, _response, next) => {
      delete request.headers['idempotency-key']
      next()
    },
  ],
  'a logout that only clears the cookie': [
    ['logout_wins'],
    () => (request, response, next) => {
      if (isFor('/auth/logout', request)) response.writeHead(204).end()
      else next()
    },
  ],
  'a proxy that takes every page for its own': [
    ['cross_site'],
    () => (request, _response, next) => {
      request.headers['sec-fetch-site'] = 'same-origin'
      next()
    },
  ],
  'a route that is not guarded': [
    ['other_key', 'old_cookie', 'logout_wins'],
    () => (request, response, next) => {
      if (!isFor('/me', request)) return next()
      const [, payload = ''] = request.headers.authorization?.split('.') ?? []
      const { sub }: { sub: string } = JSON.parse(Buffer.from(payload, 'base64url').toString())
      response.end(JSON.stringify({ sub }))
    },
  ],
  'a cache in front of the refresh': [
    ['own_answers'],
    () => {
      let cached: Promise<string> | undefined
      let headers = {}
      return (request, response, next) => {
        if (!isFor('/auth/refresh', request)) return next()
        if (cached !== undefined) {
          void cached.then((body) => response.writeHead(200, headers).end(body))
          return
        }
        const end = response.end.bind(response)
        cached = new Promise((resolve) => {
          response.end = ((body: string) => {
            headers = response.getHeaders()
            resolve(body)
            return end(body)
          }) as typeof response.end
        })
        next()
      }
    },
  ],
  'a server that answers nothing': [
    RULES,
    () => (request) => {
      request.destroy()
    },
  ],
}

describe('it finds', () => {
  test.each(Object.entries(mistakes))('%s', async (_name, [rules, inFront]) => {
    const broken = await stormOn(inFront)
    expect([...broken.keys()]).toEqual(expect.arrayContaining([...rules]))
  })

  test('a proxy that drops the Idempotency-Key, also where there is no grace', async () => {
    const [, dropped] = mistakes['a proxy that drops the Idempotency-Key'] ?? []
    const broken = await stormOn(dropped ?? (() => (_request, _response, next) => next()), {
      graceSeconds: 0,
    })
    expect([...broken.keys()]).toEqual(expect.arrayContaining(['shared_key', 'lost_answer']))
  })

  test('and says what it has seen', async () => {
    const [, limit] = mistakes['a limit of requests'] ?? []
    const tested = await opening(onExpress())
    const outer = express()
    outer.use(limit?.(tested) ?? [])
    outer.use(tested.app)
    await expect(refreshStorm(outer, { signIn: tested.signIn, protectedPath: '/me' })).rejects.toThrow(
      /^refreshStorm: \d of 9 rules do not hold\n- one_line: refreshes .*\n {2}Seen: of 10 refreshes at once, .*7 were answered 429/,
    )
  })
})

const options = { signIn: async () => ({ headers: {} }), protectedPath: '/me' }
const wrong: readonly (readonly [string, Partial<Record<keyof RefreshStormOptions, unknown>>])[] = [
  ['refreshStorm.protectedPath', { protectedPath: 'me' }],
  ['refreshStorm.signIn', { signIn: 'ada' }],
  ['refreshStorm.parallel', { parallel: 1 }],
  ['refreshStorm.clock', { clock: { now: Date.now } }],
  ['refreshStorm.path', { path: '/auth' } as object],
]
test.each(wrong)('a wrong option is refused: %s', async (option, given) => {
  const storm = refreshStorm('http://127.0.0.1:1', { ...options, ...given } as RefreshStormOptions)
  await expect(storm).rejects.toMatchObject({ name: 'ConfigError', option })
})

test('a sign-in without a cookie is refused', async () => {
  await expect(refreshStorm('http://127.0.0.1:1', options)).rejects.toThrow(
    'must give { headers } with a "cookie"',
  )
})
