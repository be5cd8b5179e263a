import { connect } from 'node:net'
import { expect } from 'vitest'
import type { Case } from './runner.ts'
import type { Visitor } from './visitor.ts'

/** Sends bytes over one connection and reads until it ends; a server that stalls is left after a while. */
function converse(visitor: Visitor, ...parts: readonly string[]): Promise<string> {
  const { hostname, port } = new URL(visitor.host.url)
  return new Promise((resolve) => {
    let received = ''
    const socket = connect(Number(port), hostname)
    socket.setTimeout(3000, () => socket.destroy())
    // A reset ends a conversation like anything else: what was received by then counts.
    socket.on('error', () => {})
    socket.once('close', () => resolve(received))
    socket.on('data', (chunk) => {
      received += chunk.toString()
    })
    socket.write(parts.join('').replaceAll('\n', '\r\n'), 'latin1')
  })
}

const statuses = (received: string): string[] =>
  [...received.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status ?? '')

const HEALTHZ = 'GET /healthz HTTP/1.1\nHost: x\nConnection: close\n\n'
const LOGIN = 'POST /auth/login HTTP/1.1\nHost: x\nContent-Type: application/json\n'
const inChunks = (length: number): string =>
  `${LOGIN}Transfer-Encoding: chunked\n\n${length.toString(16)}\n${'x'.repeat(length)}\n0\n\n`

export const connectionFlows: readonly Case[] = [
  {
    name: 'requests in one go are answered in turn, each as who it is',
    async play(visitor) {
      const [own, theirs] = [await visitor.signIn(), await visitor.signIn(visitor.other)]
      const me = (token?: string): string =>
        `GET /api/me HTTP/1.1\nHost: x\n${token === undefined ? '' : `Authorization: Bearer ${token}\n`}\n`
      const received = await converse(visitor, me(own.token), me(), me(theirs.token), me('x'), HEALTHZ)
      expect(statuses(received)).toEqual(['200', '401', '200', '401', '200'])
      const subjects = [...received.matchAll(/"sub":"([^"]+)"/g)].map(([, sub]) => sub)
      expect(subjects).toEqual([own.sub, theirs.sub])
    },
  },
  ...[17_000, 200_000].map(
    (length): Case => ({
      name: `after ${length} bytes in chunks the connection goes on, or was said to end`,
      async play(visitor) {
        const received = await converse(visitor, inChunks(length), HEALTHZ)
        const [head = ''] = received.split('\r\n\r\n')
        const saidToEnd = /^connection: close$/im.test(head)
        expect(statuses(received)).toEqual(saidToEnd ? ['413'] : ['413', '200'])
      },
    }),
  ),
  {
    name: 'after a body whose told length is over the limit the connection goes on, or was said to end',
    async play(visitor) {
      const length = 500_000
      const body = `Content-Length: ${length}\n\n${'x'.repeat(length)}`
      const received = await converse(visitor, LOGIN, body, HEALTHZ)
      const [head = ''] = received.split('\r\n\r\n')
      expect(statuses(received)).toEqual(/^connection: close$/im.test(head) ? ['413'] : ['413', '200'])
    },
  },
  {
    name: 'a body of a wrong type does not hold the connection up',
    async play(visitor) {
      const wrong = `POST /auth/login HTTP/1.1\nHost: x\nContent-Type: text/plain\nContent-Length: 5\n\nhello`
      expect(statuses(await converse(visitor, wrong, HEALTHZ))).toEqual(['415', '200'])
    },
  },
  {
    name: 'who expects 100-continue is told to, or is refused at once',
    async play(visitor) {
      const body = '{"username":"user1","password":"x"}'
      const fields = `Expect: 100-continue\nConnection: close\nContent-Length: ${body.length}\n\n`
      expect(statuses(await converse(visitor, LOGIN, fields, body))).toEqual(['100', '401'])
    },
  },
  {
    name: 'a broken chunk is refused by the parser, and the server lives',
    async play(visitor) {
      const broken = `${LOGIN}Transfer-Encoding: chunked\n\nzz\nx\n0\n\n`
      expect(statuses(await converse(visitor, broken))).toEqual(['400'])
      await visitor.expect({ path: '/healthz' }, { status: 200 })
    },
  },
  {
    name: 'a client that goes away in the middle of its body disturbs nobody',
    async play(visitor) {
      const { hostname, port } = new URL(visitor.host.url)
      await new Promise<void>((resolve) => {
        const socket = connect(Number(port), hostname)
        socket.once('close', () => resolve())
        const half = `${LOGIN}Content-Length: 100\n\n{"username":`.replaceAll('\n', '\r\n')
        socket.write(half, () => socket.destroy())
      })
      await visitor.expect({ path: '/healthz' }, { status: 200 })
      await visitor.expectAlive(await visitor.signIn())
    },
  },
]
