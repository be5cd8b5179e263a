import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type Deployment, type Reserved, reserve } from '../../signals/deployment.ts'
import { type Claims, play } from '../../signals/player.ts'
import { ISSUER, jwks, sign, stranger } from '../../signals/transmitter.ts'
import { listening } from '../../support/listening.ts'
import { exampleOf, joined, messageIn, valueIn } from '../texts.ts'

const open: { close(): unknown }[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  for (const one of open.splice(0).reverse()) await one.close()
})

async function start(at: Reserved, ...how: Parameters<Reserved['start']>): Promise<Deployment> {
  const one = await at.start(...how)
  open.push(one)
  return one
}

interface Asked {
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

/** A server of somebody else, which gives these answers, and then waits for ever. */
async function answering(...answers: readonly Figure[]): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = []
  const left = [...answers]
  const server = createServer(async (req, res) => {
    asked.push({ headers: req.headers, body: await text(req) })
    const next = left.shift()
    if (next === undefined) return
    const { start, headers, body } = next
    res.writeHead(Number(start.split(' ')[1]), headers).end(body)
  })
  const { url, close } = await listening(server, () => Promise.resolve())
  open.push({ close })
  return { url, asked }
}

type Figure = ReturnType<typeof messageIn>
const push = (figure: number) => messageIn(exampleOf('rfc8935', `figure-${figure}`))
const poll = (figure: number) => messageIn(exampleOf('rfc8936', `figure-${figure}`))
const patiently = { timeout: 15_000, interval: 20 }

describe('RFC 8935: a token is pushed', () => {
  test('as in figure 1, and is refused for its algorithm, whose key both sides would know', async () => {
    const { start, headers, body } = push(1)
    expect(start).toBe('POST /Events HTTP/1.1')
    const jwt = joined(body)
    expect(await play(decodeJwt(jwt), { jwt, headers })).toMatchObject({
      ...{ status: 400, body: { err: 'invalid_key' }, does: 'nothing', told: [] },
    })
  })

  test('as in figure 1, signed by an accepted key, and is answered as in figure 2', async () => {
    const { headers, body } = push(1)
    const played = await play(decodeJwt(joined(body)), { headers })
    expect(`HTTP/1.1 ${played.status} Accepted`).toBe(push(2).start)
    expect(played).toMatchObject({ body: undefined, does: 'ends it' })
  })

  test('without a signature (RFC 8417, figure 6), and is refused', async () => {
    const jwt = joined(exampleOf('rfc8417', 'figure-6').text)
    const claims = decodeJwt(jwt)
    expect(claims).toEqual(valueIn(exampleOf('rfc8417', 'figure-5')))
    expect(await play(claims, { jwt })).toMatchObject({ status: 400, body: { err: 'invalid_request' } })
  })

  test('with the type of SSF 1.0, section 4.1.1, which is accepted, and its algorithm, which is not', async () => {
    const { typ, alg } = valueIn(exampleOf('ssf', 'explicit-type-header')) as { typ: string; alg: string }
    const claims = valueIn(exampleOf('ssf', 'risc-event-subject-example')) as Claims
    expect(await play(claims, { jwt: await sign(claims, { typ }) })).toMatchObject({ status: 202 })
    expect(await play(claims, { jwt: await sign(claims, { typ: 'JWT' }) })).toMatchObject({ status: 400 })
    expect(decodeProtectedHeader(joined(push(1).body))).toEqual({ typ, alg })
  })

  const claims: Claims = { iss: ISSUER, aud: 'us', iat: 1_800_000_000, jti: 'a', events: { 'urn:x': {} } }
  test.each([
    [3, 'a key that is not known', { jwt: () => sign(claims, { kid: '12345' }) }],
    [4, 'credentials that are not right', { transmitter: { authorization: 'Bearer mine' } }],
    [5, 'another issuer', { transmitter: { issuer: 'https://other.example.com' } }],
  ])('with a fault, and is answered as in figure %i: %s', async (figure, _fault, how) => {
    const { start, headers, body } = push(figure)
    const jwt = 'jwt' in how ? { jwt: await how.jwt() } : {}
    const played = await play(claims, {
      ...jwt,
      ...('transmitter' in how && { transmitter: how.transmitter }),
    })
    expect(`HTTP/1.1 ${played.status} Bad Request`).toBe(start)
    expect(played.body).toEqual({ err: JSON.parse(body).err, description: expect.any(String) })
    expect(headers).toEqual({ 'content-language': 'en-US', 'content-type': 'application/json' })
    // Ours has the parameter charset, as all JSON of Sallyport does.
    expect(played.headers).toMatchObject({
      ...{ 'Content-Language': 'en', 'Content-Type': expect.stringMatching(/^application\/json(;|$)/) },
    })
  })

  test('by us, and is delivered if the answer is that of figure 2, and a dead letter if it is one of figures 3 to 5', async () => {
    const { url, asked } = await answering(push(2), push(3), push(4), push(5))
    const a = await start(
      await reserve(),
      { send: { receivers: [{ audience: 'b', name: 'b', push: { url } }] } },
      { outbox: {} },
    )
    for (const subject of ['one', 'two', 'three', 'four'])
      await a.signals.send({
        type: 'https://schemas.openid.net/secevent/caep/event-type/session-revoked',
        subject,
      })
    const dead = () => a.sallyport.outbox.deadLetters()
    await vi.waitFor(async () => expect(await dead()).toHaveLength(3), patiently)
    expect((await dead()).map(({ reason }) => reason).toSorted()).toEqual(
      [push(3), push(4), push(5)].map(({ body }) => JSON.parse(body).err).toSorted(),
    )
    const { 'accept-language': _language, host: _host, ...sent } = push(1).headers
    for (const one of asked) expect(one.headers).toMatchObject(sent)
  })
})

const EXAMPLE_IDS = ['4d3559ec67504aaba65d40b0363faad8', '3d0c3cf797584bd193bd0fb1bd4e7d30'] as const

describe('RFC 8936: a receiver polls us', () => {
  /** Two tokens wait; a request of a figure has their names in the place of its own. */
  async function waiting() {
    const a = await start(
      await reserve(),
      { send: { receivers: [{ audience: 'b', name: 'b', reader: 'service-b' }] } },
      { outbox: {}, apiKeys: {} },
    )
    const created = await a.sallyport.apiKeys.create('service-b', {
      ...{ name: 'signals', scope: ['ssf.manage'], expiresInSeconds: 3600 },
    })
    const key = created.kind === 'created' ? created.key : ''
    async function ask(figure: Figure, names: readonly string[] = []) {
      const body = EXAMPLE_IDS.reduce((whole, id, at) => whole.replaceAll(id, names[at] ?? id), figure.body)
      const { host: _host, ...headers } = figure.headers
      const answer = await fetch(`${a.url}/auth/ssf/poll/b`, {
        ...{ method: 'POST', headers: { ...headers, authorization: `Bearer ${key}` }, body },
      })
      const said = await answer.text()
      return {
        start: `HTTP/1.1 ${answer.status} ${answer.status === 200 ? 'OK' : 'Bad Request'}`,
        type: answer.headers.get('content-type'),
        sets: said === '' || !answer.ok ? {} : (JSON.parse(said).sets as Record<string, string>),
      }
    }
    const end = async () => void (await a.sallyport.sessions.revoke((await a.signIn('alice')).sid))
    await end()
    await end()
    const first = await ask(poll(1))
    return { a, ask, end, first, names: Object.keys(first.sets) }
  }

  test('as in figures 1 and 2, and gets what waits, in the form of figure 6', async () => {
    const { ask, first, names } = await waiting()
    expect(names).toHaveLength(2)
    const { start, headers } = poll(6)
    expect(first).toMatchObject({ start, type: expect.stringContaining(String(headers['content-type'])) })
    for (const [jti, jwt] of Object.entries(first.sets)) expect(decodeJwt(jwt).jti).toBe(jti)
    expect(Object.keys((await ask(poll(2))).sets)).toEqual(names)
  })

  test('as in figure 3: it has taken both, and wants no more; then there are none, as in figure 7', async () => {
    const { ask, end, names } = await waiting()
    await end()
    expect((await ask(poll(3), names)).sets).toEqual({})
    const [third = ''] = Object.keys((await ask(poll(1))).sets)
    expect(names).not.toContain(third)
    const { start, sets } = await ask(poll(3), [third])
    expect({ start, sets }).toEqual({ start: poll(7).start, ...JSON.parse(poll(7).body) })
    expect((await ask(poll(1))).sets).toEqual({})
  })

  test('as in figure 4: it has taken both, and waits for the next', async () => {
    const { ask, end, names } = await waiting()
    const answer = ask(poll(4), names)
    await end()
    const next = Object.keys((await answer).sets)
    expect(next).toHaveLength(1)
    expect(names).not.toContain(next[0])
  })

  test('as in figure 5: it has taken one, and refuses the other', async () => {
    const { a, ask, names } = await waiting()
    expect((await ask(poll(5), names)).sets).toEqual({})
    expect(await a.sallyport.outbox.deadLetters()).toMatchObject([{ reason: 'authentication_failed' }])
  })

  test('with an invalid request, and is answered as in figure 8', async () => {
    const { ask, names } = await waiting()
    expect(await ask({ ...poll(1), body: '[]' })).toMatchObject({ start: poll(8).start })
    expect(Object.keys((await ask(poll(1))).sets)).toEqual(names)
  })
})

describe('RFC 8936: we poll a transmitter', () => {
  async function polling(...answers: readonly Figure[]) {
    const { url, asked } = await answering(...answers)
    await start(await reserve(), {
      receive: {
        transmitters: [
          {
            issuer: 'https://scim.example.com',
            audience: 'us',
            jwks,
            poll: { url, authorization: 'Bearer mine' },
          },
        ],
      },
    })
    return asked
  }

  test('that answers as in figure 6, and refuse both tokens, which are not signed', async () => {
    const asked = await polling({ ...poll(6), body: joined(poll(6).body) })
    await vi.waitFor(() => expect(asked).toHaveLength(2), patiently)
    const { ack, setErrs } = JSON.parse(String(asked[1]?.body))
    expect(ack).toEqual([])
    expect(Object.keys(setErrs).toSorted()).toEqual(EXAMPLE_IDS.toSorted())
    for (const one of Object.values(setErrs))
      expect(one).toEqual({ err: 'invalid_request', description: expect.any(String) })
    // As figure 5 does, in our language.
    expect(poll(5).headers).toHaveProperty('content-language')
    expect(asked[1]?.headers).toMatchObject({ 'content-language': 'en', 'content-type': 'application/json' })
  })

  test('that answers as in figure 7, and ask again', async () => {
    const asked = await polling(poll(7), poll(7))
    await vi.waitFor(() => expect(asked.length).toBeGreaterThan(1), patiently)
    expect(JSON.parse(String(asked[1]?.body))).toMatchObject({ ack: [], setErrs: {} })
  })

  test('that answers as in figure 8, and ask again later', async () => {
    const notices = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const asked = await polling(poll(8), poll(7))
    await vi.waitFor(() => expect(asked.length).toBeGreaterThan(1), patiently)
    expect(notices.mock.calls.flat().join()).toContain('it answered 400')
  })
})

test('a key of nobody is not that of figure 3', async () => {
  const claims = decodeJwt(joined(push(1).body))
  expect(await play(claims, { jwt: await sign(claims, {}, stranger.privateKey) })).toMatchObject({
    ...{ status: 400, body: { err: 'authentication_failed' }, does: 'nothing' },
  })
})
