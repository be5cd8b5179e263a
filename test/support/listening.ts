import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Listening {
  readonly url: string
  /** Ends the connections, what the application holds, and the server. */
  close(): Promise<void>
}

/** Starts a server on a free port. */
export async function listening(server: Server, close: () => Promise<unknown>): Promise<Listening> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      await close()
      server.close()
    },
  }
}
