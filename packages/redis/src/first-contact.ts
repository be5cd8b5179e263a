import { connect as openSocket } from 'node:net'
import { type ConfigError, patiently } from '@sallyport/core/store'
import type { Redis } from 'ioredis'
import { rootOf } from './causes.ts'
import type { Client } from './options.ts'
import { notRedis, refusalOf } from './refusals.ts'

const ATTEMPTS = 3
/** The first attempt may fail because this process was too late to see that the connection was made. */
const UNACCEPTED_ATTEMPTS = 2
const FIRST_BYTE_MS = 300

/**
 * Connects and waits until the server is ready or known to be away. Gives the error if the server refuses. If a
 * connection was accepted and then closed, it tries again: another kind of server may close it before its answer is
 * read.
 */
export function firstAnswer(client: Client, withinMs: number): Promise<ConfigError | undefined> {
  return new Promise((resolve) => {
    let closes = 0
    let accepted = false
    const listeners = {
      connect: () => {
        accepted = true
      },
      ready: () => settle(),
      close: () => {
        closes++
        if (closes === (accepted ? ATTEMPTS : UNACCEPTED_ATTEMPTS)) settle()
      },
      error: (error: Error) => {
        const refused = refusalOf(rootOf(error))
        if (refused !== undefined) settle(refused)
      },
    }
    const settle = (refused?: ConfigError): void => {
      answered()
      for (const [event, listener] of Object.entries(listeners)) client.off(event, listener)
      resolve(refused)
    }
    const answered = patiently(withinMs, () => settle())
    for (const [event, listener] of Object.entries(listeners)) client.on(event, listener)
    client.connect().catch(() => {})
  })
}

/**
 * Looks at the first bytes of a server that accepted a connection but never became ready, and gives the error if they
 * are not those of Redis. The client itself may miss them: it sends its greeting in pieces, and another kind of
 * server may hang up at the first.
 */
export function firstByte(client: Client): Promise<ConfigError | undefined> {
  const { host, port, tls } = client.options as Redis['options']
  if (client.status === 'ready' || client.isCluster || tls || port === undefined)
    return Promise.resolve(undefined)
  return new Promise((resolve) => {
    const socket = openSocket({ port, host: host ?? 'localhost' })
    const settle = (refused?: ConfigError): void => {
      answered()
      socket.destroy()
      resolve(refused)
    }
    const answered = patiently(FIRST_BYTE_MS, () => settle())
    socket.on('data', (bytes) => settle(/^[-+]/.test(bytes.toString('latin1')) ? undefined : notRedis()))
    for (const event of ['error', 'end']) socket.on(event, () => settle())
    socket.write('PING\r\n')
  })
}
