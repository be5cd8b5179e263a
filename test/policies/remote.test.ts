import { createServer, type RequestListener } from 'node:http'
import { gzipSync } from 'node:zlib'
import type { PolicyEngine, PolicyRequest } from '@sallyport/core'
import { cerbos, opa, PolicyEngineError } from '@sallyport/policies'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { listening } from '../support/listening.ts'
import { cases } from './decisions.ts'
import { type Documents, type OpaServer, startOpa } from './opa-server.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function opened(documents: Documents): Promise<OpaServer> {
  const server = await startOpa(documents)
  closing.push(server.close)
  return server
}
async function answering(listener: RequestListener): Promise<string> {
  const { url, close } = await listening(createServer(listener), async () => {})
  closing.push(close)
  return url
}

const [{ request }] = cases as [(typeof cases)[0], ...typeof cases]
const never = (): AbortSignal => new AbortController().signal
const decide = async (engine: PolicyEngine, asked: PolicyRequest = request) => engine.decide(asked, never)
const faultOf = async (engine: PolicyEngine, signal = never): Promise<string> => {
  const fault = await Promise.resolve(engine.decide(request, signal)).then(
    (decision) => expect.fail(`it decided: ${JSON.stringify(decision)}`),
    (cause) => cause,
  )
  expect(fault).toBeInstanceOf(PolicyEngineError)
  return fault.message
}

describe('OPA, by its documented protocol', () => {
  test('gets the whole question as the input of one document, and a token', async () => {
    const { url, asked } = await opened({ 'app/authz/allow': () => true })
    const engine = opa({ url: `${url}/`, path: 'app/authz/allow', token: 'the-token' })
    expect(await decide(engine)).toMatchObject({
      kind: 'permit',
      policy: 'app/authz/allow',
      id: 'decision-1',
    })
    expect(asked[0]).toMatchObject({
      path: '/v1/data/app/authz/allow',
      input: JSON.parse(JSON.stringify(request)),
    })
    expect(asked[0]?.headers).toMatchObject({
      'content-type': 'application/json',
      authorization: 'Bearer the-token',
    })
    await decide(opa({ url, path: 'app/authz/allow' }))
    expect(asked[1]?.headers).not.toHaveProperty('authorization')
  })

  // biome-ignore format: one row, one line
  const results: readonly (readonly [what: string, result: unknown, decision: object])[] = [
    ['true', true, { kind: 'permit', policy: 'p', id: 'decision-1' }],
    ['false', false, { kind: 'deny', policy: 'p', id: 'decision-1' }],
    ['undefined', undefined, { kind: 'deny', reason: 'no_policy', id: 'decision-1' }],
    ['an object that allows', { allow: true, policy: 'owners' }, { kind: 'permit', policy: 'owners', id: 'decision-1' }],
    ['an object that does not', { allow: false, reason: 'not_owner' }, { kind: 'deny', policy: 'p', reason: 'not_owner', id: 'decision-1' }],
    ['a package in which "allow" is undefined', { other: 1 }, { kind: 'deny', reason: 'no_policy', id: 'decision-1' }],
  ]
  test.each(results)('a result that is %s', async (_what, result, decision) => {
    const { url } = await opened({ p: () => result })
    expect(await decide(opa({ url, path: 'p' }))).toEqual(decision)
  })

  test('a document that does not exist denies', async () => {
    const { url } = await opened({})
    expect(await decide(opa({ url, path: 'nowhere' }))).toMatchObject({ kind: 'deny', reason: 'no_policy' })
  })

  test.each([
    ['a string', 'true'],
    ['a number', 1],
    ['null', null],
    ['an array', [true]],
    ['an object whose "allow" is no boolean', { allow: 'true' }],
    ['an object whose "allow" is null', { allow: null }],
  ])('a result that is %s is no decision', async (_what, result) => {
    const { url } = await opened({ p: () => result })
    expect(await faultOf(opa({ url, path: 'p' }))).toBe('OPA answered with no decision')
  })
})

const json =
  (value: unknown): RequestListener =>
  (_req, res) =>
    void res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
const status =
  (code: number, headers: Record<string, string> = {}): RequestListener =>
  (_req, res) =>
    void res.writeHead(code, headers).end('{"result":true,"results":[]}')

const engines: readonly (readonly [name: string, make: (url: string) => PolicyEngine])[] = [
  ['OPA', (url) => opa({ url, path: 'p' })],
  ['Cerbos', (url) => cerbos({ url })],
]

describe.each(engines)('%s decides nothing', (name, make) => {
  // biome-ignore format: one row, one line
  const wrong: readonly (readonly [what: string, answer: RequestListener, says: string])[] = [
    ['with an error', status(500), 'answered 500'],
    ['with a refusal', status(401), 'answered 401'],
    ['with another success', status(204), 'answered 204'],
    ['with a redirect', status(307, { location: '/elsewhere' }), 'answered 307'],
    ['with what is no JSON', (_req, res) => void res.end('allow'), 'answered with something that is not JSON'],
    ['with nothing', (_req, res) => void res.end(), 'answered with something that is not JSON'],
    ['with broken UTF-8', (_req, res) => void res.end(Buffer.from([0x22, 0xff, 0x22])), 'answered with something that is not JSON'],
    ['with too much', (_req, res) => void res.end(`{"result":true,"x":"${'x'.repeat(70_000)}"}`), 'answered with more than 65536 bytes'],
    ['with too much that was compressed', (_req, res) => void res.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(' '.repeat(10_000_000))), 'answered with more than 65536 bytes'],
    ['with an array', json([true]), 'answered with no decision'],
    ['with null', json(null), 'answered with no decision'],
    ['with true alone', json(true), 'answered with no decision'],
  ]
  test.each(wrong)('%s', async (_what, answer, says) => {
    expect(await faultOf(make(await answering(answer)))).toBe(`${name} ${says}`)
  })

  test('and follows no redirect to a server that would permit', async () => {
    let wasAsked = false
    const other = await answering((req, res) => {
      wasAsked = true
      json({ result: true })(req, res)
    })
    const url = await answering(status(308, { location: `${other}/v1/data/p` }))
    expect(await faultOf(make(url))).toBe(`${name} answered 308`)
    expect(wasAsked).toBe(false)
  })

  test('where nobody listens', async () => {
    const { url, close } = await listening(createServer(), async () => {})
    await close()
    expect(await faultOf(make(url))).toBe(`${name} cannot be reached (ECONNREFUSED)`)
  })

  test('when the connection breaks in the middle of an answer', async () => {
    const url = await answering((_req, res) => {
      res.writeHead(200, { 'content-length': '100' }).write('{"result":')
      setImmediate(() => res.destroy())
    })
    expect(await faultOf(make(url))).toContain(`${name} cannot be reached`)
  })

  test('when nobody waits any more, and closes the connection', async () => {
    const giveUp = new AbortController()
    let closed: () => void = () => {}
    const wasClosed = new Promise<void>((resolve) => {
      closed = resolve
    })
    const url = await answering((_req, res) => {
      res.on('close', () => closed())
      res.writeHead(200).write('{')
      setImmediate(() => giveUp.abort())
    })
    expect(await faultOf(make(url), () => giveUp.signal)).toContain(`${name} cannot be reached`)
    await wasClosed
  })
})

describe('whatever JSON is answered', () => {
  function fault(cause: unknown): undefined {
    expect(cause).toBeInstanceOf(PolicyEngineError)
  }

  const value = fc.oneof(fc.jsonValue(), fc.record({ allow: fc.oneof(fc.boolean(), fc.jsonValue()) }))

  test('OPA permits by true alone, or by an "allow" that is true', async () => {
    let body = ''
    const url = await answering((_req, res) => void res.end(body))
    const engine = opa({ url, path: 'p' })
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.jsonValue(), fc.record({ result: value })), async (answer) => {
        body = JSON.stringify(answer)
        const { result } = Object(JSON.parse(body)) as { readonly result?: unknown }
        const permits = result === true || Object(result).allow === true
        const decision = await decide(engine).catch(fault)
        expect(decision?.kind === 'permit').toBe(permits)
      }),
      { numRuns: 300 },
    )
  })

  test('Cerbos permits by the effect for this action and this resource alone', async () => {
    let body = ''
    const url = await answering((_req, res) => void res.end(body))
    const engine = cerbos({ url })
    const some = <T>(right: T) => fc.oneof(fc.constant(right as fc.JsonValue), fc.jsonValue())
    const result = fc.record({
      resource: some({ kind: 'document', id: '1' }),
      actions: fc.oneof(fc.record({ 'document:read': some('EFFECT_ALLOW') }), fc.jsonValue()),
    })
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.record({ results: fc.array(result) }), fc.jsonValue()), async (answer) => {
        body = JSON.stringify(answer)
        const [first] = [Object(answer).results].flat()
        const about = Object(Object(first).resource)
        const permits =
          Array.isArray(Object(answer).results) &&
          about.kind === 'document' &&
          about.id === '1' &&
          Object(Object(first).actions)['document:read'] === 'EFFECT_ALLOW'
        const decision = await decide(engine).catch(fault)
        expect(decision?.kind === 'permit').toBe(permits)
      }),
      { numRuns: 300 },
    )
  })
})

describe('Cerbos', () => {
  const answer = (result: object, more: object = {}) =>
    json({ results: [result], cerbosCallId: 'c1', ...more })
  const about = { resource: { kind: 'document', id: '1' } }
  const meta = (matchedPolicy: string) => ({ meta: { actions: { 'document:read': { matchedPolicy } } } })

  test('tells the policy that matched, and the id of the call', async () => {
    const allowed = {
      ...about,
      actions: { 'document:read': 'EFFECT_ALLOW' },
      ...meta('resource.document.v1'),
    }
    const url = await answering(answer(allowed))
    expect(await decide(cerbos({ url }))).toEqual({
      kind: 'permit',
      policy: 'resource.document.v1',
      id: 'c1',
    })
    const none = { ...about, actions: { 'document:read': 'EFFECT_DENY' }, ...meta('NO_MATCH') }
    const other = await answering(answer(none))
    expect(await decide(cerbos({ url: other }))).toEqual({ kind: 'deny', reason: 'no_policy', id: 'c1' })
  })

  test.each([
    [
      'another resource',
      { resource: { kind: 'document', id: '2' }, actions: { 'document:read': 'EFFECT_ALLOW' } },
    ],
    ['another kind', { resource: { kind: 'report', id: '1' }, actions: { 'document:read': 'EFFECT_ALLOW' } }],
    ['another action', { ...about, actions: { 'document:edit': 'EFFECT_ALLOW' } }],
    ['no effect', { ...about, actions: { 'document:read': 'EFFECT_UNSPECIFIED' } }],
    ['no actions', about],
  ])('an answer about %s is no decision', async (_what, result) => {
    const url = await answering(answer(result))
    expect(await faultOf(cerbos({ url }))).toBe('Cerbos answered with no decision')
  })

  test('gets a role and an id where there are none, and each role once', async () => {
    const bodies: { principal: { roles: string[] }; resources: { resource: { id: string } }[] }[] = []
    const url = await answering(async (req, res) => {
      let body = ''
      for await (const chunk of req) body += chunk
      bodies.push(JSON.parse(body))
      res.end('{}')
    })
    const engine = cerbos({ url })
    const twice = { ...request.principal, roles: ['a', 'b', 'a'] }
    await faultOf(engine)
    await decide(engine, { ...request, principal: twice }).catch(() => {})
    await decide(engine, {
      ...request,
      principal: { ...twice, roles: [] },
      resource: { type: 'report' },
    }).catch(() => {})
    expect(bodies[1]?.principal.roles).toEqual(['a', 'b'])
    expect(bodies[2]?.principal.roles).toEqual(['none'])
    expect(bodies[2]?.resources[0]?.resource.id).toBe('*')
  })
})
