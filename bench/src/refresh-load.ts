import { openConnection, openConnections, type Reply } from './client.ts'
import { requestOf } from './load.ts'
import type { Contestant } from './process.ts'
import { quantile } from './stats.ts'

/** The refresh cookie that the last reply set: what one browser has. */
export interface RefreshingDevice {
  cookie: string
}

export interface RefreshRound {
  readonly refreshes: number
  readonly perSecond: number
  readonly cpuMicros: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly residentBytes: number
}

/** Signs this many users in. */
export async function signInDevices(port: number, count: number): Promise<RefreshingDevice[]> {
  const login = requestOf(['POST /auth/login HTTP/1.1', 'Content-Length: 0'])
  const connection = await openConnection(port)
  const devices: RefreshingDevice[] = []
  while (devices.length < count) devices.push({ cookie: cookieOf(await connection.exchange(login)) })
  connection.close()
  return devices
}

/** All devices refresh again and again, each on its own connection and with the cookie of the reply before. */
export async function refreshFor(
  contestant: Contestant,
  devices: readonly RefreshingDevice[],
  seconds: number,
): Promise<RefreshRound> {
  // A server closes those that rested for five seconds, and others were measured in between.
  const connections = await openConnections(contestant.port, devices.length)
  const before = await contestant.figures()
  const latencies: number[] = []
  const start = performance.now()
  const end = start + seconds * 1000
  await Promise.all(
    devices.map(async (device, index) => {
      const connection = connections[index]
      for (let sentAt = start; connection !== undefined && sentAt < end; ) {
        device.cookie = cookieOf(await connection.exchange(refreshWith(device.cookie)))
        const answeredAt = performance.now()
        latencies.push(answeredAt - sentAt)
        sentAt = answeredAt
      }
    }),
  )
  const elapsed = (performance.now() - start) / 1000
  const after = await contestant.figures()
  for (const connection of connections) connection.close()
  return {
    refreshes: latencies.length,
    perSecond: latencies.length / elapsed,
    cpuMicros: (after.cpuMicros - before.cpuMicros) / latencies.length,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    residentBytes: after.residentBytes,
  }
}

function refreshWith(cookie: string): Buffer {
  return requestOf(['POST /auth/refresh HTTP/1.1', 'Content-Length: 0', `Cookie: ${cookie}`])
}

function cookieOf({ status, head }: Reply): string {
  const cookie = /\r\nset-cookie: ([^;\r]+)/i.exec(head)?.[1]
  if (status !== 200 || cookie === undefined) throw new Error(`a refresh was answered ${status}`)
  return cookie
}
