import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { CONNECTIONS, type Source } from './load.ts'
import { quantile } from './stats.ts'

/** Latencies of one slice of time. */
export interface Pace {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly failures: number
}

/**
 * Connections over which requests go out at a steady rate, one by one, whether or not the replies keep up.
 *
 * A request without a free connection has begun when it was due. Neither a promise nor a text is made per
 * request, and the process never sleeps: its own collections of garbage and late timers would otherwise be
 * most of what is measured.
 */
export interface PacedLoad {
  /** @param rate requests per second */
  send(rate: number, seconds: number): Promise<Pace>
  close(): void
}

interface Line {
  readonly socket: Socket
  /** By `performance.now()`. */
  dueAt: number
}

interface Run {
  readonly latencies: Float64Array
  /** Milliseconds from one request to the next. */
  readonly every: number
  readonly start: number
  sent: number
  answered: number
  failures: number
}

const REPLY_BYTES = 16 * 1024
/** The last byte of the small JSON object that every contender answers with. */
const LAST_BYTE = '}'.charCodeAt(0)
const GOOD = Buffer.from('HTTP/1.1 200')

export async function openPacedLoad(port: number, source: Source): Promise<PacedLoad> {
  let run = startRun(1, 0)
  const idle: Line[] = []

  function onReply(line: Line, good: boolean): void {
    run.latencies[run.answered++] = performance.now() - line.dueAt
    if (!good) run.failures++
    idle.push(line)
  }

  function sendDue(): void {
    const due = Math.min((performance.now() - run.start) / run.every, run.latencies.length)
    for (; run.sent < due; run.sent++) {
      const line = idle.shift()
      if (line === undefined) return
      line.dueAt = run.start + run.sent * run.every
      line.socket.write(source())
    }
  }

  const lines = await Promise.all(Array.from({ length: CONNECTIONS }, () => openLine(port, onReply)))
  idle.push(...lines)
  return {
    send(rate, seconds) {
      run = startRun(rate, seconds)
      return new Promise((resolve, reject) => {
        const turn = (): void => {
          sendDue()
          if (run.answered === run.latencies.length) resolve(paceOf(run))
          else if (lines.some(({ socket }) => socket.destroyed))
            reject(new Error('the server closed a connection'))
          else setImmediate(turn)
        }
        turn()
      })
    },
    close() {
      for (const { socket } of lines) socket.destroy()
    },
  }
}

function startRun(rate: number, seconds: number): Run {
  const latencies = new Float64Array(Math.round(rate * seconds))
  return { latencies, every: 1000 / rate, start: performance.now(), sent: 0, answered: 0, failures: 0 }
}

function paceOf({ latencies, failures }: Run): Pace {
  return { p50Ms: quantile(latencies, 0.5), p99Ms: quantile(latencies, 0.99), failures }
}

async function openLine(port: number, onReply: (line: Line, good: boolean) => void): Promise<Line> {
  const buffer = Buffer.alloc(REPLY_BYTES)
  let begun = false
  let good = false
  const callback = (bytes: number): boolean => {
    if (!begun) good = buffer.compare(GOOD, 0, GOOD.length, 0, GOOD.length) === 0
    begun = buffer[bytes - 1] !== LAST_BYTE
    if (!begun) onReply(line, good)
    return true
  }
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, onread: { buffer, callback } })
  const line = { socket, dueAt: 0 }
  await once(socket, 'connect')
  return line
}
