import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A server under attack. */
export interface Target {
  readonly url: string
  /** What leaked: makes an access token with the server's own private key. */
  mint(wanted: MintedToken): string
  close(): Promise<void>
}

export interface MintedToken {
  readonly subject: string
  /** Default: that of the server. */
  readonly audience?: string
}

export interface Listening {
  readonly url: string
  close(): Promise<void>
}

/** Listens on loopback only, since the naive server is as unsafe as it looks. */
export async function listen(listener: RequestListener, port = 0): Promise<Listening> {
  const server = createServer(listener)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
