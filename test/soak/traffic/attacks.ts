import { randomUUID } from 'node:crypto'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Call } from '../../faults/client.ts'
import { nameOf } from '../../faults/recorder.ts'
import { type Action, isAnswer } from './scene.ts'
import { adopt, headersOf, refresh, withSession } from './visits.ts'

/** Their accounts are guessed at, so they are locked now and then. */
const GUESSED = 8
/** They sign in and go away, so that the limit of sessions ends the oldest. */
const FORGETFUL = 4

/** An old refresh token is presented after its successor was used: the session ends. */
export const steal: Action = (scene) =>
  withSession(scene, async (session) => {
    const { fleet, recorder, people } = scene
    const stolen = session.cookie
    // Of two that come one after the other, at least one is beyond any grace.
    for (const _ of [1, 2]) {
      const reply = await recorder.refresh(fleet.any(), session, session.cookie, headersOf(session))
      if (reply?.status !== 200) return refresh(scene, session)
      adopt(session, reply)
    }
    if (session.isEnding) return
    session.isEnding = true
    const node = fleet.any()
    const reply = await recorder.refresh(node, { ...session }, stolen)
    const isFound = isAnswer(scene, 'a stolen token', reply, [401]) && !people.isForgotten(session)
    recorder.note(
      isFound && reply !== undefined
        ? { what: 'revoked', session: session.id, node: nameOf(node), at: reply.answeredAt }
        : { what: 'doubted', session: session.id },
    )
    people.end(session, isFound)
    if (!isFound) return
    const owners = await recorder.refresh(fleet.any(), session, session.cookie, headersOf(session))
    isAnswer(scene, 'the owner after a theft', owners, [401])
  })

export const guess: Action = async (scene) => {
  const username = `user${90_000 + scene.chances.below(GUESSED)}`
  const json = { username, password: 'a wrong password' }
  const reply = await scene.recorder.ask(scene.fleet.any(), 'POST', '/auth/login', { json })
  isAnswer(scene, 'a wrong password', reply, [401, 429])
}

export const signInAndForget: Action = async (scene) => {
  const user = `user${80_000 + scene.chances.below(FORGETFUL)}`
  await scene.recorder.signIn(scene.fleet.any(), user)
}

interface Bad extends Call {
  readonly what: string
  readonly send: string
  readonly status: number
}

const FORGED = `${Buffer.from('{"alg":"EdDSA","typ":"at+jwt"}').toString('base64url')}.e30.${'A'.repeat(86)}`

const BAD: readonly Bad[] = [
  { what: 'no token', send: 'GET /api/me', status: 401 },
  { what: 'a token that is none', send: 'GET /api/me', access: 'none', status: 401 },
  { what: 'a forged token', send: 'GET /api/me', access: FORGED, status: 401 },
  { what: 'no cookie', send: 'POST /auth/refresh', status: 401 },
  { what: 'a cookie that is none', send: 'POST /auth/refresh', cookie: 'none', status: 401 },
  { what: 'a cookie of its size', send: 'POST /auth/refresh', cookie: 'A'.repeat(64), status: 401 },
  { what: 'a bad key', send: 'POST /auth/refresh', headers: { 'Idempotency-Key': '?' }, status: 400 },
  { what: 'an empty sign-in', send: 'POST /auth/login', json: {}, status: 400 },
  { what: 'an array for an object', send: 'POST /auth/login', json: [], status: 400 },
  { what: 'a form for JSON', send: 'POST /auth/login', form: { username: 'user1' }, status: 415 },
  {
    what: 'a body that is too large',
    send: 'POST /auth/login',
    json: { username: 'x'.repeat(20_000) },
    status: 413,
  },
  {
    what: 'another site',
    send: 'POST /auth/refresh',
    headers: { 'Sec-Fetch-Site': 'cross-site' },
    status: 403,
  },
  { what: 'no client', send: 'POST /auth/introspect', form: { token: FORGED }, status: 401 },
  { what: 'a method', send: 'PUT /auth/refresh', status: 405 },
  { what: 'a path', send: 'GET /nowhere', status: 404 },
]

export const sendBad: Action = async (scene) => {
  const bad = BAD[scene.chances.below(BAD.length)]
  if (bad === undefined) return
  const [method = '', path = ''] = bad.send.split(' ')
  const reply = await scene.recorder.ask(scene.fleet.any(), method, path, bad)
  isAnswer(scene, bad.what, reply, [bad.status])
}

const HUNG_UP = [
  'GET /api/me HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer none\r\n\r\n',
  'GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"user',
  'POST /auth/refresh HTTP/1.1\r\nHost: loc',
  '\u0016\u0003\u0001 no HTTP at all\r\n\r\n',
]

/** A client that goes away in the middle of its request, or before the answer. */
export const hangUp: Action = async ({ fleet, chances }) => {
  const { hostname, port } = new URL(fleet.any().url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  socket.resume()
  socket.write(HUNG_UP[chances.below(HUNG_UP.length)] ?? '')
  await sleep(chances.below(50))
  socket.destroy()
}

/** A client that goes away before the answer to its sign-in or refresh: nobody knows what happened. */
export const hangUpInTheMiddle: Action = (scene) =>
  withSession(scene, async (session) => {
    const { fleet, people, recorder, chances } = scene
    session.isEnding = true
    recorder.note({ what: 'doubted', session: session.id })
    const { hostname, port } = new URL(fleet.any().url)
    const socket = connect(Number(port), hostname)
    socket.on('error', () => {})
    socket.write(
      `POST /auth/refresh HTTP/1.1\r\nHost: localhost\r\nCookie: __Host-refresh=${session.cookie}\r\n` +
        `Idempotency-Key: ${randomUUID()}\r\nContent-Length: 0\r\n\r\n`,
    )
    await sleep(chances.below(10))
    socket.destroy()
    people.end(session, false)
  })
