import { createServer, type Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Sallyport, SallyportOptions } from '@sallyport/core'
import { checkAudit, createAudit } from './audit.ts'
import { type Environment, EnvironmentError, readEnvironment, setupFault } from './environment.ts'
import { createMetrics, type Metrics, type MetricsPlace } from './metrics.ts'
import { optionsOf } from './options.ts'
import { placeOf } from './place.ts'
import { type AppRoutes, createRoutes } from './routes.ts'
import { signalsOf } from './signals.ts'
import { createUsers, DEMO_PASSWORD, DEMO_USERS } from './users.ts'

/** What each framework's example supplies. */
export interface Framework<S extends Sallyport> {
  createSallyport(options: SallyportOptions): Promise<S>
  /** Makes the application and its server, which does not listen yet. */
  createServer(sallyport: S, routes: AppRoutes, environment: Environment): Promise<Server>
}

const EX_CONFIG = 78
const DRAIN_MS = 5000
const IDLE_EVERY_MS = 50

/** A listening server. */
export interface Running {
  readonly url: string
  /** Whether everybody knows its users and their password. */
  readonly demo: boolean
  close(): Promise<void>
}

/**
 * Starts an example server in this process. For a wrong configuration, rejects with an error that {@link setupFault}
 * knows.
 */
export async function start<S extends Sallyport>(
  framework: Framework<S>,
  env: NodeJS.ProcessEnv,
): Promise<Running> {
  const environment = readEnvironment(env)
  let begin = (): void => {}
  checkAudit(environment)
  const audit = createAudit(environment, new Promise((resolve) => (begin = resolve)))
  await checkAddress(environment)
  const place = placeOf(environment)
  const { passwords, close } = place.open()
  const metrics = environment.metrics && (await openMetrics(environment.metrics))
  const parts = { audit, store: place.store, meter: metrics?.meter }
  const sallyport = await framework.createSallyport(optionsOf(environment, parts))
  const signals = await signalsOf(sallyport, environment.signals)
  const takesLogout = (environment.options.backchannelLogout?.issuers ?? []).length > 0
  const choices = { ...environment, takesLogout, metrics, signals }
  const routes = createRoutes(sallyport, await createUsers(passwords, environment.password), choices)
  const server = await framework.createServer(sallyport, routes, environment)
  server.on('clientError', refuseUnreadable)
  const port = await listen(server, environment)
  // Whoever is told that the server listens is told first.
  setImmediate(begin)
  return {
    demo: environment.demo,
    url: `http://${environment.host.includes(':') ? `[${environment.host}]` : environment.host}:${port}`,
    async close() {
      sallyport.endConnections()
      signals.close()
      await drain(server)
      await close()
      await metrics?.close()
      await sallyport.close()
    },
  }
}

/** Runs an example server until SIGTERM. */
export async function main<S extends Sallyport>(framework: Framework<S>): Promise<void> {
  try {
    const running = await start(framework, process.env)
    const stop = (): void => {
      running.close().then(
        () => process.exit(0),
        () => process.exit(1),
      )
    }
    process.once('SIGTERM', stop)
    process.once('SIGINT', stop)
    if (running.demo) console.error(`demo: sign in as ${DEMO_USERS.join(', ')}; password "${DEMO_PASSWORD}"`)
    console.log(`listening on ${running.url}`) // last: whoever reads this line may send a signal at once
  } catch (cause) {
    const fault = setupFault(cause, process.env)
    if (fault === undefined) throw cause
    console.error(fault)
    process.exitCode = EX_CONFIG
    process.exit()
  }
}

/** Checks that the server can listen on the address, before anything else is started. */
async function checkAddress(environment: Environment): Promise<void> {
  const trial = createServer()
  await listen(trial, environment).catch((cause: NodeJS.ErrnoException) => {
    const isPort = cause.code === 'EADDRINUSE' || cause.code === 'EACCES'
    throw isPort
      ? new EnvironmentError('PORT', 'a port that is free and allowed')
      : new EnvironmentError('HOST', 'a name or an address of this machine')
  })
  await new Promise((resolve) => trial.close(resolve))
}

async function openMetrics(place: MetricsPlace): Promise<Metrics> {
  try {
    return await createMetrics(place)
  } catch (cause) {
    throw new EnvironmentError('METRICS_PORT', 'a port that is free and allowed', { cause })
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

/** Stops a server. Running requests may finish within the time limit. */
function drain(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // A kept-alive connection becomes idle when its last request is answered, so idle ones are closed again and again.
    const idleCheck = setInterval(() => server.closeIdleConnections(), IDLE_EVERY_MS)
    const deadline = setTimeout(() => server.closeAllConnections(), DRAIN_MS)
    server.close(() => {
      clearInterval(idleCheck)
      clearTimeout(deadline)
      resolve()
    })
  })
}

/** Answers a request that the HTTP parser of Node.js refuses, in the same way for every framework. */
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
