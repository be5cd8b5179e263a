import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { type ServerProcess, startProgram } from '../support/processes.ts'

const PROGRAM = 'test/faults/plain-server.mjs'
const SECRET = 'q3Rk0VYzJm7uXw5bN1sLh9tGd2fCe8oPa4iKx6rTyZE'
const HALF = [
  'POST /auth/token HTTP/1.1',
  'Host: localhost',
  'Content-Type: application/x-www-form-urlencoded',
  'Content-Length: 100',
  '',
  'grant_type=',
].join('\r\n')

let server: ServerProcess | undefined
afterEach(() => server?.stop())

/** Sends half of a request, and breaks off. Resolves when the server has noticed. */
async function hangUp({ url, lines }: ServerProcess, breakOff: (socket: Socket) => void): Promise<void> {
  const before = lines.length
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  await new Promise<void>((resolve) => socket.write(HALF, () => resolve()))
  // Another request is answered after this one has been read.
  await (await fetch(`${url}/auth/token`, { headers: { connection: 'close' } })).arrayBuffer()
  breakOff(socket)
  await expect.poll(() => lines.slice(before).filter((line) => line === 'closed').length).toBe(2)
}

const ways: readonly [string, (socket: Socket) => void][] = [
  ['ends', (socket) => socket.end()],
  ['closes', (socket) => socket.destroy()],
  ['resets', (socket) => socket.resetAndDestroy()],
]

describe.each(['express', 'koa', 'fastify'])('on %s', (FRAMEWORK) => {
  test.each(ways)(
    'a client that %s its connection in the middle of a body is not reported',
    async (_way, by) => {
      server = await startProgram(PROGRAM, { FRAMEWORK, SECRET })
      await hangUp(server, by)
      expect((await fetch(`${server.url}/auth/token`, { method: 'POST' })).status).toBe(415)
      expect(await server.stop()).toBe(0)
      expect(server.errors).toEqual([])
    },
  )

  test('a fault of the application is still reported', async () => {
    server = await startProgram(PROGRAM, { FRAMEWORK, SECRET })
    // Express reports a fault after its answer, so before that of the next request.
    for (let times = 0; times < 2; times++)
      expect((await fetch(`${server.url}/auth/faulty`)).status).toBe(500)
    await server.stop()
    expect(server.errors.join('\n')).toContain('a bug of the application')
  })
})
