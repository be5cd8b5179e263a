import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { CONNECTIONS, type Source } from './load.ts'
import { quantile } from './stats.ts'

/** What was answered in one slice of time. */
export interface Served {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly failures: number
}

/**
 * Open connections to a contender. Neither a promise nor a text is made per request, and the process never
 * sleeps while it sends: its own collections of garbage and late timers would otherwise be measured too.
 */
export interface Lines {
  /** Sends on each connection whenever the reply before has come. */
  saturate(seconds: number): Promise<Served>
  /**
   * Sends so many requests at a rate (a second), one by one, whether or not the replies keep up: a request
   * without a free connection has begun when it was due.
   */
  pace(rate: number, count: number): Promise<Served>
  close(): void
}

interface Line {
  readonly socket: Socket
  /** When its request began, by `performance.now()`. */
  since: number
}

/** Who is told what happens on the connections. */
interface Observer {
  replied(line: Line, good: boolean): void
  lost(): void
}

const REPLY_BYTES = 16 * 1024
/** The last byte of the small JSON object that every contender answers with. */
const LAST_BYTE = '}'.charCodeAt(0)
const GOOD = Buffer.from('HTTP/1.1 200')
/** More than any contender can answer. */
const MOST_PER_SECOND = 200_000

export async function openLines(port: number, source: Source): Promise<Lines> {
  let observer: Observer = { replied() {}, lost() {} }
  let lines: Line[] = []
  const open = (): Promise<Line> => openLine(port, () => observer)

  /** A server closes those that rested for five seconds. */
  async function allOpen(): Promise<void> {
    const whole = Array.from({ length: CONNECTIONS }, (_, index) => lines[index])
    lines = await Promise.all(whole.map((line) => (line?.socket.destroyed === false ? line : open())))
  }

  function begin(line: Line, since: number): void {
    line.since = since
    line.socket.write(source())
  }

  return {
    async saturate(seconds) {
      await allOpen()
      return new Promise((resolve, reject) => {
        const tally = createTally(MOST_PER_SECOND * seconds)
        const end = performance.now() + seconds * 1000
        let busy = lines.length
        observer = {
          replied(line, good) {
            const now = tally.add(line.since, good)
            if (now < end) begin(line, now)
            else if (--busy === 0) resolve(tally.served())
          },
          lost: () => reject(LOST()),
        }
        for (const line of lines) begin(line, performance.now())
      })
    },
    async pace(rate, count) {
      await allOpen()
      return new Promise((resolve, reject) => {
        const tally = createTally(count)
        const idle = [...lines]
        observer = {
          replied(line, good) {
            tally.add(line.since, good)
            idle.push(line)
          },
          lost: () => reject(LOST()),
        }
        const start = performance.now()
        let sent = 0
        const turn = (): void => {
          const due = Math.min(((performance.now() - start) * rate) / 1000, count)
          for (; sent < due && idle.length > 0; sent++) {
            const line = idle.shift()
            if (line !== undefined) begin(line, start + (sent * 1000) / rate)
          }
          if (tally.count() < count) setImmediate(turn)
          else resolve(tally.served())
        }
        turn()
      })
    },
    close() {
      observer = { replied() {}, lost() {} }
      for (const { socket } of lines) socket.destroy()
    },
  }
}

const LOST = (): Error => new Error('the server closed a connection')

interface Tally {
  /** Counts a reply; gives the time. */
  add(since: number, good: boolean): number
  count(): number
  served(): Served
}

function createTally(most: number): Tally {
  const latencies = new Float64Array(most)
  const start = performance.now()
  let count = 0
  let failures = 0
  return {
    add(since, good) {
      const now = performance.now()
      latencies[count++] = now - since
      if (!good) failures++
      return now
    },
    count: () => count,
    served() {
      const all = latencies.subarray(0, count)
      const perSecond = (count * 1000) / (performance.now() - start)
      return { perSecond, p50Ms: quantile(all, 0.5), p99Ms: quantile(all, 0.99), failures }
    },
  }
}

async function openLine(port: number, observer: () => Observer): Promise<Line> {
  const buffer = Buffer.alloc(REPLY_BYTES)
  let begun = false
  let good = false
  const callback = (bytes: number): boolean => {
    if (!begun) good = buffer.compare(GOOD, 0, GOOD.length, 0, GOOD.length) === 0
    begun = good && buffer[bytes - 1] !== LAST_BYTE
    if (!begun) observer().replied(line, good)
    return true
  }
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, onread: { buffer, callback } })
  const line = { socket, since: 0 }
  await once(socket, 'connect')
  socket.on('error', () => {}) // 'close' follows
  socket.on('close', () => observer().lost())
  return line
}
