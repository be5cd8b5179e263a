import { type Client, ClientError, createClient } from '@sallyport/client'
import { afterEach, describe, expect, test } from 'vitest'

const API = 'https://api.example.com'
const TOKEN_REFUSED = {
  'WWW-Authenticate': 'Bearer error="invalid_token", error_description="expired, or so"',
}

type Answers = (path: string, request: Request) => Response | Promise<Response>

let clients: Client[] = []
afterEach(() => {
  for (const client of clients) client.close()
  clients = []
})

function started(answers: Answers, options: Parameters<typeof createClient>[0] = {}) {
  const asked: string[] = []
  const client = createClient({
    authUrl: `${API}/auth`,
    ...options,
    fetch: async (input, init) => {
      const request = new Request(input, init)
      const { origin, pathname } = new URL(request.url)
      const path = origin === API ? pathname : `${origin}${pathname}`
      request.signal.throwIfAborted()
      const token = request.headers.get('Authorization')
      asked.push(token === null ? path : `${path} ${token}`)
      return answers(path, request)
    },
  })
  clients.push(client)
  return { client, asked }
}

function tokens(token: string, expires_in = 900): Response {
  return Response.json({ access_token: token, token_type: 'Bearer', expires_in, scope: '' })
}

/** Refreshes give `t1`, `t2` and so on. */
function counting(others: Answers): Answers {
  let count = 0
  return (path, request) => (path === '/auth/refresh' ? tokens(`t${++count}`) : others(path, request))
}

test('many requests at once wait for one refresh', async () => {
  const { client, asked } = started(counting(() => new Response('fine')))
  await Promise.all(Array.from({ length: 20 }, () => client.fetch(`${API}/api/me`)))
  expect(asked.filter((one) => one === '/auth/refresh')).toHaveLength(1)
  expect(asked.filter((one) => one === '/api/me Bearer t1')).toHaveLength(20)
})

test('an unknown option is refused', () => {
  const options = { authUrl: `${API}/auth`, orgins: [] }
  expect(() => createClient(options)).toThrow(new TypeError('unknown option "orgins"'))
})

test.each([
  ...[-1, 0, 1.5, 1_000_000_001, Number.NaN, Number.POSITIVE_INFINITY, 'x', null].map((wrong) => ({
    options: { timeoutMs: wrong },
    message: 'option "timeoutMs" must be an integer from 1 to 1e9',
  })),
  ...['fetch', 'stepUp', 'deviceSignals'].flatMap((name) =>
    [1, 'x', {}, null].map((wrong) => ({
      options: { [name]: wrong },
      message: `option "${name}" must be a function`,
    })),
  ),
  { options: { storage: {} }, message: 'option "storage.load" must be a function' },
  { options: { storage: { load() {} } }, message: 'option "storage.save" must be a function' },
])('a wrong option is refused: $options', ({ options, message }) => {
  const given: object = { authUrl: `${API}/auth`, ...options }
  expect(() => createClient(given)).toThrow(new TypeError(message))
})

test('options that are undefined, or at the ends of what is allowed, are taken', () => {
  const nothing = { fetch: undefined, stepUp: undefined, storage: undefined, dpop: undefined }
  for (const timeoutMs of [undefined, 1, 1_000_000_000])
    clients.push(createClient({ authUrl: `${API}/auth`, ...nothing, timeoutMs }))
})

test('two clients of one server share nothing', async () => {
  const alice = started(() => tokens('of alice'))
  const bob = started(() => tokens('of bob'))
  expect(await alice.client.token()).toBe('of alice')
  expect(await bob.client.token()).toBe('of bob')
  await alice.client.signOut().catch(() => {})
  expect(bob.client.state).toBe('signed_in')
})

describe('the token goes to', () => {
  test('the origins that are named, and to no other', async () => {
    const { client, asked } = started(
      counting(() => new Response('fine')),
      {
        origins: ['https://other.example.com/path'],
      },
    )
    await client.fetch('https://other.example.com/a')
    await client.fetch('https://evil.example/a')
    await client.fetch('http://other.example.com/a')
    expect(asked).toEqual([
      '/auth/refresh',
      'https://other.example.com/a Bearer t1',
      'https://evil.example/a',
      'http://other.example.com/a',
    ])
  })

  test('no request that brings its own', async () => {
    const { client, asked } = started(
      counting(() => new Response(null, { status: 401, headers: TOKEN_REFUSED })),
    )
    const headers = { Authorization: 'Basic eDp5' }
    expect((await client.fetch(`${API}/api/me`, { headers })).status).toBe(401)
    expect(asked).toEqual(['/api/me Basic eDp5'])
  })
})

describe('a request that is answered 401', () => {
  const until =
    (good: string): Answers =>
    async (_path, request) =>
      request.headers.get('Authorization') === `Bearer ${good}`
        ? new Response(await request.text())
        : new Response(null, { status: 401, headers: TOKEN_REFUSED })

  test('because of its token is repeated with a new one, and its body', async () => {
    const { client, asked } = started(counting(until('t2')))
    const answer = await client.fetch(`${API}/api/notes`, { method: 'POST', body: 'a note' })
    expect(await answer.text()).toBe('a note')
    expect(asked).toEqual(['/auth/refresh', '/api/notes Bearer t1', '/auth/refresh', '/api/notes Bearer t2'])
  })

  test('also with a new token is not repeated again, and later costs no refresh', async () => {
    const { client, asked } = started(counting(until('none')))
    for (let time = 0; time < 5; time++) expect((await client.fetch(`${API}/api/me`)).status).toBe(401)
    expect(asked.filter((one) => one === '/auth/refresh')).toHaveLength(2)
  })

  test.each([
    ['without a challenge', {}],
    ['with a challenge of another scheme', { 'WWW-Authenticate': 'Basic realm="invalid_token"' }],
    ['without a reason', { 'WWW-Authenticate': 'Bearer realm="api"' }],
    ['for a scope', { 'WWW-Authenticate': 'Bearer error="insufficient_scope"' }],
  ])('%s is returned as it is', async (_name, headers) => {
    const refused = new Response('mine', { status: 401, headers })
    const { client, asked } = started(counting(() => refused.clone()))
    expect(await (await client.fetch(`${API}/api/me`)).text()).toBe('mine')
    expect(asked).toHaveLength(2)
  })

  test('and whose body is a stream is not repeated', async () => {
    const { client, asked } = started(counting(until('t2')))
    const body = new Blob(['a note']).stream()
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit
    expect((await client.fetch(`${API}/api/notes`, init)).status).toBe(401)
    expect(asked.filter((one) => one.startsWith('/api'))).toHaveLength(1)
  })
})

describe('a step-up', () => {
  const challenge =
    'DPoP realm="x", Bearer error="insufficient_user_authentication", acr_values="urn:a urn:b", max_age="300"'

  test('is asked for once, for all requests that wait for it', async () => {
    const seen: unknown[] = []
    const { client } = started(
      counting((path, request) => {
        if (path === '/auth/step-up') return tokens('raised')
        return request.headers.get('Authorization') === 'Bearer raised'
          ? new Response('done')
          : new Response(null, { status: 401, headers: { 'WWW-Authenticate': challenge } })
      }),
      {
        async stepUp(asked) {
          seen.push(asked)
          await client.signIn(() => Promise.resolve(tokens('raised')))
          return true
        },
      },
    )
    const answers = await Promise.all([client.fetch(`${API}/api/a`), client.fetch(`${API}/api/b`)])
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect(seen).toEqual([{ acrValues: ['urn:a', 'urn:b'], maxAge: 300 }])
  })

  test('that the user does not want leaves the 401', async () => {
    const refused = () => new Response(null, { status: 401, headers: { 'WWW-Authenticate': challenge } })
    const { client } = started(counting(refused), { stepUp: async () => false })
    expect((await client.fetch(`${API}/api/a`)).status).toBe(401)
    expect(client.state).toBe('signed_in')
  })
})

describe('a server that is busy', () => {
  test('is left alone for as long as it says, and nobody is signed out', async () => {
    const { client, asked } = started(
      () => new Response(null, { status: 503, headers: { 'Retry-After': '30' } }),
    )
    const fault = await client.token().catch((cause: unknown) => cause)
    expect(fault).toBeInstanceOf(ClientError)
    expect(fault).toMatchObject({ status: 503 })
    await expect(client.fetch(`${API}/api/me`)).rejects.toMatchObject({ status: 503 })
    expect(asked).toEqual(['/auth/refresh'])
    expect(client.state).toBe('unknown')
  })

  test('cannot take a token away that is still good', async () => {
    let count = 0
    const { client } = started((path) => {
      if (path !== '/auth/refresh') return new Response('fine')
      return count++ === 0 ? tokens('t1', 2) : new Response(null, { status: 503 })
    })
    expect(await client.token()).toBe('t1')
    await new Promise((resolve) => setTimeout(resolve, 800)) // due, but not over after a second
    expect(await client.token()).toBe('t1')
    await new Promise((resolve) => setTimeout(resolve, 300))
    await expect(client.token()).rejects.toThrow(ClientError)
    expect(count).toBe(2)
  })
})

describe('the key of a refresh', () => {
  test('is sent again until there is an answer, and is then another one', async () => {
    const keys: (string | null)[] = []
    const fates: (Response | undefined)[] = [
      ...[undefined, new Response(null, { status: 503, headers: { 'Retry-After': '0' } })],
      ...[
        new Response(null, { status: 429, headers: { 'Retry-After': '0' } }),
        tokens('t1', 0.001),
        tokens('t2'),
      ],
    ]
    const { client } = started((_path, request) => {
      keys.push(request.headers.get('Idempotency-Key'))
      const fate = fates.shift()
      if (fate === undefined) throw new TypeError('the network is away')
      return fate
    })
    for (let time = 0; time < 5; time++) await client.token().catch(() => {})
    const [first, ...others] = keys
    expect(first).toMatch(/^[\w-]{32}$/)
    expect(others.slice(0, 3)).toEqual([first, first, first])
    expect(others[3]).not.toBe(first)
  })
})

describe('the signal of a request', () => {
  const reason = new Error('not wanted any more')

  test('that is aborted already sends nothing', async () => {
    const { client, asked } = started(counting(() => new Response('fine')))
    const signal = AbortSignal.abort(reason)
    await expect(client.fetch(`${API}/api/me`, { signal })).rejects.toBe(reason)
    expect(asked).toEqual([])
  })

  test('ends its wait for a token, and not that of others', async () => {
    let answer = (_late: Response): void => {}
    const late = new Promise<Response>((resolve) => {
      answer = resolve
    })
    const { client, asked } = started((path) => (path === '/auth/refresh' ? late : new Response('fine')))
    const controller = new AbortController()
    const waiting = client.fetch(`${API}/api/a`, { signal: controller.signal })
    const other = client.fetch(new Request(`${API}/api/b`))
    controller.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    answer(tokens('t1'))
    expect((await other).status).toBe(200)
    expect(asked).toEqual(['/auth/refresh', '/api/b Bearer t1'])
  })

  test('ends its wait for a new token after a 401', async () => {
    const controller = new AbortController()
    const { client, asked } = started((path) => {
      if (path !== '/auth/refresh') return new Response(null, { status: 401, headers: TOKEN_REFUSED })
      if (asked.length === 1) return tokens('t1')
      controller.abort(reason)
      return new Promise<Response>(() => {})
    })
    const waiting = client.fetch(`${API}/api/me`, { signal: controller.signal })
    await expect(waiting).rejects.toBe(reason)
    expect(asked).toEqual(['/auth/refresh', '/api/me Bearer t1', '/auth/refresh'])
  })
})

describe('a sign-out', () => {
  test('is final for a refresh that is under way', async () => {
    let answer = (_late: Response): void => {}
    const late = new Promise<Response>((resolve) => {
      answer = resolve
    })
    const { client, asked } = started((path) =>
      path === '/auth/refresh' ? late : new Response(null, { status: 204 }),
    )
    const changes: unknown[] = []
    client.onChange((change) => changes.push(change))
    const waiting = client.token()
    await client.signOut()
    answer(tokens('late'))
    expect(await waiting).toBeUndefined()
    expect(client.state).toBe('signed_out')
    expect(changes).toEqual([{ state: 'signed_out', by: 'here' }])
    expect((await client.fetch(`${API}/api/me`)).status).toBe(204)
    expect(asked.at(-1)).toBe('/api/me')
  })

  test('that the server did not do is told', async () => {
    const { client } = started(() => new Response(null, { status: 503 }))
    await expect(client.signOut()).rejects.toMatchObject({ status: 503 })
    expect(client.state).toBe('signed_out')
  })
})

test('a session that is over signs out, and says so once', async () => {
  const fates = [tokens('t1', 0.001), new Response(null, { status: 401, headers: TOKEN_REFUSED })]
  const { client } = started(() => fates.shift() ?? new Response('fine'))
  const changes: unknown[] = []
  client.onChange((change) => changes.push(change))
  expect(await client.token()).toBe('t1')
  expect(await client.token()).toBeUndefined()
  expect(await client.token()).toBeUndefined()
  expect(changes).toEqual([
    { state: 'signed_in', by: 'here' },
    { state: 'signed_out', by: 'ended' },
  ])
})

test('a session that is over does not take along one that begins meanwhile', async () => {
  let kept: string | undefined
  const slow = () => new Promise((resolve) => setTimeout(resolve, 10))
  const storage = {
    async load() {
      await slow()
      return kept
    },
    async save(text: string) {
      await slow()
      kept = text
    },
  }
  let began: Promise<unknown> | undefined
  const { client } = started(
    () => {
      began = client.accept(tokens('new'))
      return Response.json({ error: 'invalid_grant' }, { status: 400 })
    },
    { storage },
  )
  const old = { access_token: 'old', expires_in: 0.001, refresh_token: 'spr_old' }
  await client.accept(Response.json(old))
  await slow()
  await client.token()
  await began
  expect(client.state).toBe('signed_in')
  expect(await client.token()).toBe('new')
})

test.each([
  ['a page', new Response('<!doctype html>', { headers: { 'Content-Type': 'text/html' } })],
  ['something without a token', Response.json({ access_token: 5, expires_in: 900 })],
])('%s instead of tokens signs nobody out', async (_name, answer) => {
  const { client } = started(() => answer.clone())
  await expect(client.token()).rejects.toThrow(ClientError)
  expect(client.state).toBe('unknown')
})
