import type { Client } from 'pg'
import { within } from './timeout.ts'

/** Keeps one connection that listens, and connects again when it is lost. */
export interface Listener {
  listen(channel: string, onMessage: (payload: string) => void, onGap: () => void): void
  /** The connections of this process that listen, by the numbers of their server processes. */
  pids(): readonly number[]
  close(): Promise<void>
}

const FIRST_RETRY_MS = 100
const MAX_RETRY_MS = 2000
/** A connection that is dead without anybody having said so is found within this time. */
const LOOK_EVERY_MS = 30_000

/** @param open makes a client that is not connected yet */
export function createListener(open: () => Client, commandTimeoutMs: number): Listener {
  let client: Client | undefined
  let pid: number | undefined
  let retry: NodeJS.Timeout | undefined
  let looking: NodeJS.Timeout | undefined
  let delay = FIRST_RETRY_MS
  let isClosed = false

  function listen(channel: string, onMessage: (payload: string) => void, onGap: () => void): void {
    const retryLater = (): void => {
      if (isClosed) return
      retry = setTimeout(listen, delay, channel, onMessage, onGap).unref()
      delay = Math.min(2 * delay, MAX_RETRY_MS)
    }
    const current = tryOpen()
    if (current === undefined) {
      retryLater()
      return
    }
    client = current
    let isOver = false
    const lost = (): void => {
      if (isOver) return
      isOver = true
      pid = undefined
      clearInterval(looking)
      void end(current)
      retryLater()
    }
    current.on('error', lost)
    current.on('end', lost)
    current.on('notification', ({ payload = '' }) => onMessage(payload))
    begin(current, channel).then((number) => {
      if (isOver) return
      pid = number
      delay = FIRST_RETRY_MS
      looking = setInterval(() => void pidOf(current).catch(lost), LOOK_EVERY_MS).unref()
      onGap()
    }, lost)
  }

  /** A client reads the files that its settings name, such as certificates, which may be gone for now. */
  function tryOpen(): Client | undefined {
    try {
      return open()
    } catch {
      return undefined
    }
  }

  async function begin(current: Client, channel: string): Promise<number> {
    await within(commandTimeoutMs, current.connect())
    // The name of the channel was checked with the name of the schema.
    await within(commandTimeoutMs, current.query(`LISTEN ${channel}`))
    return pidOf(current)
  }

  async function pidOf(current: Client): Promise<number> {
    const { rows } = await within(commandTimeoutMs, current.query('SELECT pg_backend_pid() AS pid'))
    return Number(rows[0]?.pid)
  }

  /** Resolves even if the server does not answer: then the connection is left to time out. */
  async function end(current: Client): Promise<void> {
    await within(commandTimeoutMs, current.end()).catch(() => {})
  }

  return {
    listen,
    pids: () => (pid === undefined ? [] : [pid]),
    async close() {
      isClosed = true
      clearTimeout(retry)
      clearInterval(looking)
      if (client !== undefined) await end(client)
    },
  }
}
