import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface Reply {
  readonly status: number
  /** Status line and header fields. */
  readonly head: string
}

/** One keep-alive connection that sends one request at a time; written for little cost of its own. */
export interface Connection {
  /** Sends bytes that are a whole request. Rejects when the connection ends first. */
  exchange(request: Buffer): Promise<Reply>
  close(): void
}

/** @param source address to send from; the whole of 127.0.0.0/8 is this machine on Linux */
export async function openConnection(port: number, source?: string): Promise<Connection> {
  const target = { port, host: '127.0.0.1', noDelay: true }
  const socket = connect(source === undefined ? target : { ...target, localAddress: source })
  await once(socket, 'connect')
  return overSocket(socket)
}

export function openConnections(port: number, count: number, source?: string): Promise<Connection[]> {
  return Promise.all(Array.from({ length: count }, () => openConnection(port, source)))
}

interface Waiting {
  resolve(reply: Reply): void
  reject(error: Error): void
}

function overSocket(socket: Socket): Connection {
  let waiting: Waiting | undefined
  let text = ''
  const fail = (error: Error): void => {
    waiting?.reject(error)
    waiting = undefined
  }
  socket.on('error', fail)
  socket.on('close', () => fail(CLOSED()))
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
    const head = completeHead(text)
    if (head === undefined || waiting === undefined) return
    const { resolve } = waiting
    waiting = undefined
    text = ''
    resolve({ status: Number(head.slice(9, 12)), head })
  })
  return {
    exchange: (request) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject }
        if (socket.destroyed) fail(CLOSED())
        else socket.write(request)
      }),
    close: () => socket.destroy(),
  }
}

const CLOSED = (): Error => new Error('the server closed the connection')

/** The head of a reply that has arrived whole. All contenders tell the length of what they send. */
function completeHead(text: string): string | undefined {
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const head = text.slice(0, end)
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0)
  return text.length >= end + 4 + length ? head : undefined
}
