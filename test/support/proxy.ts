import { connect, createServer, type Socket } from 'node:net'

/** A way to a server on 127.0.0.1 that can be cut. */
export interface TcpProxy {
  readonly port: number
  /** Ends all connections; until `heal` new ones are refused (`refuse`), or accepted and never served (`swallow`). */
  cut(how: 'refuse' | 'swallow'): void
  /** Lets nothing pass of the connections that there are, nor of new ones, and ends none. */
  stall(): void
  /** Everything passes again; connections that were swallowed or stalled are ended. */
  heal(): void
  stop(): Promise<void>
}

type Mode = 'open' | 'refuse' | 'swallow'

export async function startProxy(target: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  let mode: Mode = 'open'
  let stalled = false

  const keep = (socket: Socket): Socket => {
    sockets.add(socket)
    socket.setNoDelay(true)
    return socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  }
  const endAll = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  const server = createServer((near) => {
    keep(near)
    if (mode === 'refuse') return void near.destroy()
    if (mode === 'swallow') return void near.resume()
    const far = keep(connect(target, '127.0.0.1'))
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const)
      from.pipe(to).on('close', () => from.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()

  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    cut(how) {
      mode = how
      endAll()
    },
    stall() {
      mode = 'swallow'
      stalled = true
      for (const socket of sockets) socket.unpipe().pause()
    },
    heal() {
      if (mode === 'swallow' || stalled) endAll()
      mode = 'open'
      stalled = false
    },
    async stop() {
      endAll()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
