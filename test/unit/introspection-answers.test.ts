import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest'
import { decisionOn, type Introspecting, introspecting, PATH, statusOf } from './introspecting.ts'
import {
  type Answer,
  cutOff,
  drip,
  endless,
  halfBody,
  json,
  reset,
  silence,
  status,
  text,
} from './scripted-issuer.ts'

let world: Introspecting
let warned: MockInstance<typeof process.emitWarning>
beforeEach(async () => {
  world = await introspecting()
  warned = vi.spyOn(process, 'emitWarning').mockReturnValue()
})
afterEach(async () => {
  await world.close()
  warned.mockRestore()
})

const notices = (): readonly string[] => warned.mock.calls.map(([message]) => String(message))
const cannot = (why: string): string =>
  `the issuer "${world.issuer.origin}" cannot be asked about opaque tokens: ${why}`
const canAgain = (): string => `the issuer "${world.issuer.origin}" can be asked about opaque tokens again`

describe('an answer is used', () => {
  test('for 30 seconds if the token is good, so a revocation shows after that', async () => {
    const sallyport = await world.site()
    world.known.set('opaque', world.goodAnswer())
    expect(await statusOf(sallyport, 'opaque')).toBe(200)
    world.known.clear()
    world.clock.turn(29_999)
    expect(await statusOf(sallyport, 'opaque')).toBe(200)
    expect(world.questions).toHaveLength(1)
    world.clock.turn(1)
    expect(await statusOf(sallyport, 'opaque')).toBe(401)
    expect(world.questions).toHaveLength(2)
  })

  test('for 30 seconds if the token is bad, whatever is wrong', async () => {
    const sallyport = await world.site()
    world.known.set('elsewhere', world.goodAnswer({ aud: 'https://other.example' }))
    for (const token of ['unknown', 'elsewhere', 'unknown', 'elsewhere'])
      expect(await statusOf(sallyport, token)).toBe(401)
    expect(world.questions).toHaveLength(2)
    world.known.set('unknown', world.goodAnswer())
    world.clock.turn(29_999)
    expect(await statusOf(sallyport, 'unknown')).toBe(401)
    world.clock.turn(1)
    expect(await statusOf(sallyport, 'unknown')).toBe(200)
    expect(world.questions).toHaveLength(3)
  })

  test('for as long as was chosen', async () => {
    const sallyport = await world.site({ cacheSeconds: 600 })
    world.known.set('opaque', world.goodAnswer())
    for (const _turn of [1, 2, 3]) {
      expect(await statusOf(sallyport, 'opaque')).toBe(200)
      world.clock.turn(199_999)
    }
    expect(world.questions).toHaveLength(1)
  })

  test('for no other request where that was chosen', async () => {
    const sallyport = await world.site({ cacheSeconds: 0 })
    world.known.set('opaque', world.goodAnswer())
    expect(await statusOf(sallyport, 'opaque')).toBe(200)
    expect(await statusOf(sallyport, 'opaque')).toBe(200)
    world.known.clear()
    expect(await statusOf(sallyport, 'opaque')).toBe(401)
    expect(await statusOf(sallyport, 'opaque')).toBe(401)
    expect(world.questions).toHaveLength(4)
  })

  test('no longer than the token lives', async () => {
    const sallyport = await world.site({ cacheSeconds: 600 })
    const now = Math.floor(world.clock.now() / 1000)
    world.known.set('opaque', world.goodAnswer({ exp: now + 60 }))
    expect(await statusOf(sallyport, 'opaque')).toBe(200)
    world.clock.turn(65_000)
    expect(await decisionOn(sallyport, 'opaque')).toMatchObject({
      answer: { status: 401, body: expect.stringContaining('expired') },
    })
    expect(world.questions).toHaveLength(1)
  })

  test('by all requests that wait for it', async () => {
    const sallyport = await world.site({ cacheSeconds: 0 })
    world.known.set('opaque', world.goodAnswer())
    const statuses = await Promise.all(Array.from({ length: 100 }, () => statusOf(sallyport, 'opaque')))
    expect(new Set(statuses)).toEqual(new Set([200]))
    expect(world.questions).toHaveLength(1)
  })
})

const nested = (levels: number): unknown =>
  JSON.parse(`{"active":true,"a":${'['.repeat(levels)}${']'.repeat(levels)}}`)

describe('a request is answered 503, and the operator is told why, if the issuer', () => {
  const GARBAGE = 'its answer is no introspection response'
  test.each<[string, Answer, string]>([
    ['refuses our client', status(401, { 'www-authenticate': 'Basic' }), 'it answered 401'],
    ['forbids it', status(403), 'it answered 403'],
    ['has no such endpoint', status(404), 'it answered 404'],
    ['is overrun', status(429), 'it answered 429'],
    ['fails', status(500), 'it answered 500'],
    ['answers by another status', status(201), 'it answered 201'],
    ['sends us elsewhere', status(307, { location: '/elsewhere' }), 'it answered 307'],
    ['answers a page', text('<html>'), 'its answer is not JSON'],
    ['answers nothing', text(''), 'its answer is not JSON'],
    ['answers no UTF-8', text(new Uint8Array([0x22, 0xff, 0x22])), 'its answer is not JSON'],
    ['answers null', json(null), GARBAGE],
    ['answers an array', json([{ active: true }]), GARBAGE],
    ['says nothing of whether it is active', json({ sub: 'alice' }), GARBAGE],
    ['says so by a string', json({ active: 'true' }), GARBAGE],
    ['says so by a number', json({ active: 1 }), GARBAGE],
    ['answers a deep structure', json(nested(40)), GARBAGE],
    ['answers a very deep structure', json(nested(5000)), GARBAGE],
    ['answers without end', endless(65_536), 'its answer is longer than 65536 bytes'],
    ['breaks the connection', reset, 'it cannot be reached (ECONNRESET)'],
    ['breaks off', cutOff, 'it cannot be reached (UND_ERR_SOCKET)'],
    ['says nothing', silence, 'it did not answer in time'],
    ['stops in the middle', halfBody, 'it did not answer in time'],
    ['sends one byte after the other', drip, 'it did not answer in time'],
  ])('%s', async (_what, answer, why) => {
    const sallyport = await world.site({ timeoutMs: why.endsWith('in time') ? 100 : 20_000 })
    world.answering(answer)
    const decision = await decisionOn(sallyport, 'opaque')
    expect(decision).toMatchObject({
      kind: 'refuse',
      answer: { status: 503, headers: { 'Retry-After': '1' } },
    })
    expect(await statusOf(sallyport, 'another')).toBe(503)
    expect(notices()).toEqual([cannot(why)])
    expect(JSON.stringify([decision, notices()])).not.toMatch(/opaque"|its secret/)
  })

  test('cannot be reached', async () => {
    const sallyport = await world.site({ url: 'http://127.0.0.1:1/' })
    expect(await statusOf(sallyport, 'opaque')).toBe(503)
    expect(notices().join()).toMatch(/cannot be asked about opaque tokens: it cannot be reached/)
  })

  test('answers later than the limit, waiting for a turn included', async () => {
    const sallyport = await world.site({ timeoutMs: 300 })
    world.answering(silence)
    const statuses = await Promise.all(
      Array.from({ length: 200 }, (_, index) => statusOf(sallyport, `flood-${index}`)),
    )
    expect(new Set(statuses)).toEqual(new Set([503]))
    expect(notices()).toEqual([cannot('it did not answer in time')])
  })
})

describe('an issuer that could not be asked', () => {
  test('is asked again for the next request, and its return is told once it has lasted', async () => {
    const sallyport = await world.site()
    world.known.set('opaque', world.goodAnswer())
    world.answering(status(500))
    expect(await statusOf(sallyport, 'opaque')).toBe(503)
    world.answering(undefined)
    expect(await statusOf(sallyport, 'opaque')).toBe(200)
    expect(notices()).toEqual([cannot('it answered 500')])
    world.clock.turn(60_000)
    expect(await statusOf(sallyport, 'opaque')).toBe(200)
    expect(notices()).toEqual([cannot('it answered 500'), canAgain()])
  })

  test('leaves those alone whose answer is still remembered', async () => {
    const sallyport = await world.site()
    world.known.set('opaque', world.goodAnswer())
    expect(await statusOf(sallyport, 'opaque')).toBe(200)
    world.answering(status(500))
    expect(await statusOf(sallyport, 'another')).toBe(503)
    expect(await statusOf(sallyport, 'opaque')).toBe(200)
    world.clock.turn(30_000)
    expect(await statusOf(sallyport, 'opaque')).toBe(503)
  })

  test('because it hangs is asked one question at a time, until it answers', async () => {
    const sallyport = await world.site({ timeoutMs: 1000 })
    world.answering(silence)
    expect(await statusOf(sallyport, 'first')).toBe(503)
    const flood = (name: string) =>
      Promise.all(Array.from({ length: 50 }, (_, index) => statusOf(sallyport, `${name}-${index}`)))
    await flood('hung')
    expect(world.questions).toHaveLength(2)
    world.answering(undefined)
    expect(await statusOf(sallyport, 'probe')).toBe(401)
    expect(new Set(await flood('answered'))).toEqual(new Set([401]))
    expect(world.questions).toHaveLength(53)
  })
})

describe('a flood of made up tokens', () => {
  test('reaches the issuer by 32 questions at once, and beyond a thousand is turned away', async () => {
    const sallyport = await world.site({ timeoutMs: 30_000 })
    const held: (() => void)[] = []
    world.answering((_request, response) => held.push(() => response.end('{"active":false}')))
    const flood = Array.from({ length: 1500 }, (_, index) => statusOf(sallyport, `flood-${index}`))
    expect(await Promise.all(flood.slice(1000))).toEqual(Array(500).fill(503))
    await expect.poll(() => held.length).toBe(32)
    expect(world.issuer.asked).toHaveLength(32)
    world.answering(undefined)
    for (const answer of held) answer()
    expect(await Promise.all(flood.slice(0, 1000))).toEqual(Array(1000).fill(401))
    expect(world.questions).toHaveLength(1000)
  })

  test('pushes out none that are good', async () => {
    const sallyport = await world.site({}, { access: { cache: { entries: 10 } } })
    world.known.set('opaque', world.goodAnswer())
    expect(await statusOf(sallyport, 'opaque')).toBe(200)
    for (let index = 0; index < 50; index++) await statusOf(sallyport, `flood-${index}`)
    world.answering(status(500))
    expect(await statusOf(sallyport, 'opaque')).toBe(200)
  })
})

describe('the secret of our client', () => {
  test('may come from a function, which is called for each question', async () => {
    let given = 'first'
    const sallyport = await world.site({ clientSecret: async () => given })
    await statusOf(sallyport, 'one')
    given = 'second'
    await statusOf(sallyport, 'two')
    const basic = (secret: string) => `Basic ${Buffer.from(`api:${secret}`).toString('base64')}`
    expect(world.questions.map(({ authorization }) => authorization)).toEqual([
      basic('first'),
      basic('second'),
    ])
  })

  test.each<[string, () => string | PromiseLike<string>]>([
    [
      'throws',
      () => {
        throw new Error('hunter2')
      },
    ],
    ['rejects', () => Promise.reject(new Error('hunter2'))],
    ['returns nothing', () => ''],
    ['returns something else', () => 5 as unknown as string],
  ])('is missing if the function %s: 503, and the operator is told', async (_what, clientSecret) => {
    const sallyport = await world.site({ clientSecret })
    expect(await statusOf(sallyport, 'opaque')).toBe(503)
    expect(world.questions).toEqual([])
    expect(notices()).toEqual([cannot('"introspection.clientSecret" gave no secret')])
  })

  test('is not waited for longer than the limit', async () => {
    const sallyport = await world.site({ clientSecret: () => new Promise(() => {}), timeoutMs: 100 })
    const statuses = await Promise.all(
      Array.from({ length: 40 }, (_, index) => statusOf(sallyport, `a${index}`)),
    )
    expect(new Set(statuses)).toEqual(new Set([503]))
    expect(notices()).toEqual([cannot('it did not answer in time')])
  })
})

describe('an endpoint in the metadata', () => {
  const METADATA = '/.well-known/openid-configuration'
  const discovered = (more: object = {}) =>
    world.site({ url: undefined, timeoutMs: 1000, ...more }, {}, { discovery: true })
  const named = (path: string): Answer =>
    json({ issuer: world.issuer.origin, introspection_endpoint: `${world.issuer.origin}${path}` })

  test('is found at start, and once', async () => {
    world.issuer.answers.set(METADATA, named(PATH))
    const sallyport = await discovered()
    expect(world.issuer.asked).toEqual([METADATA])
    world.known.set('opaque', world.goodAnswer())
    expect(await statusOf(sallyport, 'opaque')).toBe(200)
    expect(await statusOf(sallyport, 'another')).toBe(401)
    expect(world.issuer.asked).toEqual([METADATA, PATH, PATH])
    expect(notices()).toEqual([])
  })

  test('is found anew after it failed, since it may move', async () => {
    world.issuer.answers.set(METADATA, named('/old'))
    const sallyport = await discovered()
    world.issuer.answers.set(METADATA, named(PATH))
    expect(await statusOf(sallyport, 'opaque')).toBe(503)
    expect(await statusOf(sallyport, 'opaque')).toBe(401)
    expect(world.issuer.asked).toEqual([METADATA, '/old', METADATA, PATH])
  })

  test('is missed at start, and found later, by one search for all who wait', async () => {
    const sallyport = await discovered()
    expect(notices()).toEqual([cannot('its metadata cannot be read: it answered 404')])
    world.issuer.answers.set(METADATA, named(PATH))
    world.issuer.asked.length = 0
    const statuses = await Promise.all(['a', 'b', 'c'].map((token) => statusOf(sallyport, token)))
    expect(statuses).toEqual([401, 401, 401])
    expect(world.issuer.asked).toEqual([METADATA, PATH, PATH, PATH])
  })

  test.each<[string, object, string]>([
    ['of another issuer', { issuer: 'https://other.example' }, 'its metadata names another issuer'],
    ['that names none', {}, 'its metadata names no introspection endpoint'],
    [
      'that names one without TLS',
      { introspection_endpoint: 'http://other.example/' },
      'its metadata names an introspection endpoint that is not on https',
    ],
  ])('is not taken from one %s', async (_what, metadata, why) => {
    world.issuer.answers.set(METADATA, json({ issuer: world.issuer.origin, ...metadata }))
    const sallyport = await discovered()
    expect(await statusOf(sallyport, 'opaque')).toBe(503)
    expect(notices()).toEqual([cannot(why)])
  })
})

test('closing gives up what is under way, without a word', async () => {
  const sallyport = await world.site()
  world.answering(silence)
  const statuses = Promise.all(Array.from({ length: 40 }, (_, index) => statusOf(sallyport, `a${index}`)))
  await world.issuer.wasAsked(32)
  await sallyport.close()
  expect(new Set(await statuses)).toEqual(new Set([503]))
  expect(await statusOf(sallyport, 'later')).toBe(503)
  expect(notices()).toEqual([])
})
