import { setTimeout as sleep } from 'node:timers/promises'
import autocannon, { type Client, type Options, type Result } from 'autocannon'
import { openConnections } from './client.ts'
import type { Contestant } from './process.ts'
import { USER_AGENT } from './setup.ts'
import { quantile } from './stats.ts'

export const CONNECTIONS = 64

/** Before each measurement: a process that rested has its memory and its caches to fetch again first. */
export const RUN_IN_SECONDS = 0.3

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

/** One contender in one round, with all that it can take. */
export interface Round {
  readonly perSecond: number
  /** Processor time of the server per request: what remains true where the load is the limit. */
  readonly cpuMicros: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly failures: number
  readonly residentBytes: number
}

/** The server ends what it has begun before its processor time is read. */
const DRAIN_MS = 100
const SAMPLE_MS = 100

export async function saturate(contestant: Contestant, source: Source, seconds: number): Promise<Round> {
  const before = await contestant.figures()
  const { result, latencies } = await cannonade({
    url: `http://127.0.0.1:${contestant.port}`,
    connections: CONNECTIONS,
    duration: seconds,
    sampleInt: SAMPLE_MS,
    // Rebuilding a request for each of many tokens would make the load the limit, so finished bytes are sent.
    setupClient: (client: Client) => Object.assign(client, { getRequestBuffer: source }),
  })
  await sleep(DRAIN_MS)
  const after = await contestant.figures()
  return {
    perSecond: result['2xx'] / result.duration,
    cpuMicros: (after.cpuMicros - before.cpuMicros) / (after.requests - before.requests),
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    failures: result.non2xx + result.errors,
    residentBytes: after.residentBytes,
  }
}

interface Cannonade {
  readonly result: Result
  /** Of every reply: autocannon's own histogram knows whole milliseconds only. */
  readonly latencies: readonly number[]
}

function cannonade(options: Options): Promise<Cannonade> {
  return new Promise((resolve, reject) => {
    const latencies: number[] = []
    const instance = autocannon(options, (error: Error | null, result) => {
      if (error) reject(error)
      else resolve({ result, latencies })
    })
    instance.on('response', (_client, _status, _bytes, milliseconds) => latencies.push(milliseconds))
  })
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

/** Sends as fast as requests are answered, for a while, and measures nothing. */
export async function sendFor(port: number, source: Source, seconds: number): Promise<void> {
  const connections = await openConnections(port, CONNECTIONS)
  const end = performance.now() + seconds * 1000
  await Promise.all(
    connections.map(async (connection) => {
      while (performance.now() < end) await connection.exchange(source())
      connection.close()
    }),
  )
}
