import { openConnections } from './client.ts'
import { USER_AGENT } from './setup.ts'

export const CONNECTIONS = 64

/** Requests as bytes, again and again from the first to the last, shared by all connections. */
export type Source = () => Buffer

export function requestOf(lines: readonly string[]): Buffer {
  const fields = ['Host: 127.0.0.1', `User-Agent: ${USER_AGENT}`, 'Accept: application/json']
  const [first = '', ...others] = lines
  return Buffer.from(`${[first, ...fields, ...others].join('\r\n')}\r\n\r\n`, 'latin1')
}

export function authorized(tokens: readonly string[]): Buffer[] {
  return tokens.map((token) => requestOf(['GET /api/me HTTP/1.1', `Authorization: Bearer ${token}`]))
}

export function inTurn(requests: readonly Buffer[]): Source {
  let next = 0
  return () => {
    const request = requests[next] ?? Buffer.alloc(0)
    next = (next + 1) % requests.length
    return request
  }
}

/** Sends this many requests as fast as they are answered; gives how many were not answered with 2xx. */
export async function send(port: number, source: Source, count: number): Promise<number> {
  const connections = await openConnections(port, CONNECTIONS)
  let left = count
  let failures = 0
  await Promise.all(
    connections.map(async (connection) => {
      while (left-- > 0) {
        const { status } = await connection.exchange(source())
        if (status < 200 || status > 299) failures++
      }
      connection.close()
    }),
  )
  return failures
}
