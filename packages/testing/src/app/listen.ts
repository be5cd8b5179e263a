import type { AddressInfo, Server } from 'node:net'

/**
 * Lets a server listen on 127.0.0.1, and gives its port. Rejects if it can't.
 *
 * @param port default: a free one
 */
export function listen(server: Server, port = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve((server.address() as AddressInfo).port)
    })
  })
}
