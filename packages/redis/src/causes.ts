import type { Cluster, Redis } from 'ioredis'
import type { Client } from './options.ts'
import { isTimeout } from './timeout.ts'

/** Where the server should be, and why it cannot be reached. */
export interface Causes {
  /** The addresses, without user and password. */
  readonly address: string
  /**
   * Why a command or connection failed, in words that repeat nothing that was sent. `undefined` if a connection was
   * lost just now: whether the server is away shows when the client connects again, which it does at once.
   */
  of(failure: unknown): string | undefined
}

const CODE = /\b[A-Z][A-Z0-9_]{4,63}\b/
const CLOSED = 'it closes connections'

/** Watches the connections of a client, since a command that cannot be sent does not know why. */
export function watchCauses(client: Client, commandTimeoutMs: number): Causes {
  const silence = `no answer within ${commandTimeoutMs} ms`
  let last: string | undefined
  let wasReady = false
  /** How often the connection was lost, or not made, since it was ready. */
  let losses = 0
  /** Of a Cluster, the node that failed last. */
  let node: string | undefined
  client.on('error', (error: Error) => {
    last = isTimeout(error) ? silence : codeOf(error)
  })
  client.on('close', () => {
    losses++
  })
  client.on('ready', () => {
    wasReady = true
    losses = 0
    last = undefined
  })
  client.on('node error', (_error: Error, address: string) => {
    node = address
  })
  return {
    get address() {
      return node ?? (addressesOf(client).join(', ') || 'the nodes of the Cluster')
    },
    of(failure) {
      if (isTimeout(failure)) return silence
      if (wasReady && losses < 2 && !client.isCluster) return undefined
      const cause = codeOf(failure) ?? last ?? (losses === 0 ? silence : CLOSED)
      return wasReady
        ? cause
        : `${cause}; check the address, and whether it is right to connect with or without TLS`
    },
  }
}

/** The code of an error, such as ECONNREFUSED or WRONGPASS. The rest of its message may repeat what was sent. */
function codeOf(failure: unknown): string | undefined {
  const { code, message } = rootOf(failure)
  const found = CODE.exec(typeof code === 'string' ? code : '') ?? CODE.exec(String(message))
  return found?.[0]
}

/** What the error of a Cluster client is about: the last node that was asked. */
export function rootOf(failure: unknown): { readonly code?: unknown; readonly message?: unknown } {
  const { lastNodeError } = Object(failure)
  return Object(lastNodeError ?? failure)
}

function addressesOf(client: Client): readonly string[] {
  if (client.isCluster) return (client as Cluster).nodes().map((node) => addressOf(node.options))
  const { options } = client as Redis
  return options.sentinels
    ? options.sentinels.map(({ host, port }) => `sentinel ${host ?? 'localhost'}:${port ?? 26379}`)
    : [addressOf(options)]
}

function addressOf({ path, tls, host = 'localhost', port }: Redis['options']): string {
  return path ?? `${tls ? 'rediss' : 'redis'}://${host}:${port}`
}
