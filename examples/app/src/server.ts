import { appendFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Sallyport, SallyportOptions } from '@sallyport/core'
import { type Environment, readEnvironment, setupFault } from './environment.ts'
import { memoryPasswords, redisPasswords } from './passwords.ts'
import { type AppRoutes, createRoutes } from './routes.ts'
import { createUsers } from './users.ts'

/** A framework's part: it makes the library's form of itself, and a listening server from that and the routes. */
export interface Framework<S extends Sallyport> {
  createSallyport(options: SallyportOptions): Promise<S>
  /** Makes the application; the server is not listening yet. */
  createServer(sallyport: S, routes: AppRoutes, environment: Environment): Promise<Server>
}

const EX_CONFIG = 78
const DRAIN_MS = 5000

/** A server that listens. */
export interface Running {
  readonly url: string
  close(): Promise<void>
}

/** Starts an example server in this process. Rejects with what {@link setupFault} understands for a wrong set-up. */
export async function start<S extends Sallyport>(
  framework: Framework<S>,
  env: NodeJS.ProcessEnv,
): Promise<Running> {
  const environment = readEnvironment(env)
  const sallyport = await framework.createSallyport(environment.options)
  sallyport.on('event', auditTo(environment.auditFile))
  const passwords =
    environment.redisUrl === undefined
      ? memoryPasswords()
      : redisPasswords(environment.redisUrl, environment.keyPrefix)
  const routes = createRoutes(sallyport, await createUsers(passwords))
  const server = await framework.createServer(sallyport, routes, environment)
  server.on('clientError', refuseUnreadable)
  const port = await listen(server, environment)
  return {
    url: `http://${environment.host.includes(':') ? `[${environment.host}]` : environment.host}:${port}`,
    async close() {
      await drain(server)
      passwords.close()
      await sallyport.close()
    },
  }
}

/** Runs an example server until SIGTERM. */
export async function main<S extends Sallyport>(framework: Framework<S>): Promise<void> {
  try {
    const running = await start(framework, process.env)
    console.log(`listening on ${running.url}`)
    console.error('demo: sign in as alice, bob or admin, password "correct horse battery staple"')
    const stop = (): void => {
      running.close().then(
        () => process.exit(0),
        () => process.exit(1),
      )
    }
    process.once('SIGTERM', stop)
    process.once('SIGINT', stop)
  } catch (cause) {
    const fault = setupFault(cause)
    if (fault === undefined) throw cause
    console.error(fault)
    process.exitCode = EX_CONFIG
    process.exit()
  }
}

function auditTo(file: string | undefined): (event: object) => void {
  return (event) => {
    const line = `${JSON.stringify(event)}\n`
    if (file === undefined) process.stdout.write(line)
    else appendFileSync(file, line)
  }
}

function listen(server: Server, { port, host }: Environment): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}

/** Lets running requests end, but not for ever. */
function drain(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(() => server.closeAllConnections(), DRAIN_MS)
    server.close(() => {
      clearTimeout(late)
      resolve()
    })
    server.closeIdleConnections()
  })
}

/** What Node's parser refuses is answered alike by every framework. */
export function refuseUnreadable(fault: NodeJS.ErrnoException, socket: Socket): void {
  if (fault.code === 'ECONNRESET' || !socket.writable) return
  const status =
    fault.code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : fault.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : '400 Bad Request'
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`)
}
