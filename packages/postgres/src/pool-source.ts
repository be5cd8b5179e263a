import { hash } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { Client, type ClientConfig, Pool, type PoolClient, type QueryConfig } from 'pg'
import { refusal, sqlState } from './faults.ts'
import { createListener } from './listener.ts'
import type { PostgresSettings } from './options.ts'
import type { Row, Send, Source } from './source.ts'
import { TimedOut, within } from './timeout.ts'
import { parsers } from './values.ts'

type Given = Extract<PostgresSettings['source'], { kind: 'url' | 'pool' }>

/** A connection that listens tells by its name whose it is, so that processes find each other. */
const listenerName = (schema: string): string => `sallyport ${schema}`
/** Of a hash: 132 bits. The name of a statement may have 63 bytes. */
const NAME_CHARACTERS = 22
const ignore = (): void => {}

/**
 * A pool of connections to a server, and one connection that listens.
 *
 * Throws a `ConfigError` if no client can be made of the settings.
 */
export function createPoolSource(given: Given, settings: PostgresSettings): Source {
  const { schema, commandTimeoutMs, prepare } = settings
  const pool = given.kind === 'pool' ? given.pool : openPool(given.url, settings)
  // Whoever waits for an answer hears of a connection that breaks. Without a listener, an idle one would end the process.
  pool.on('error', ignore)
  const names = new Map<string, string>()
  const openListener = (): Client => new Client(listenerConfig(pool, schema))
  expectUsable(openListener)
  const listener = createListener(openListener, commandTimeoutMs)

  /** A statement that is prepared once has a name. There are as many as the store has steps. */
  function configOf(text: string, values: readonly unknown[]): QueryConfig {
    const config = { text, values: [...values], types: parsers }
    if (!prepare) return config
    const name = names.get(text) ?? nameOf(text)
    names.set(text, name)
    return { ...config, name }
  }

  function sendOn(client: PoolClient): Send {
    return async (text, values) => {
      const { rows } = await within(commandTimeoutMs, client.query<Row>(configOf(text, values)))
      return rows
    }
  }

  async function connected(): Promise<PoolClient> {
    const waiting = pool.connect()
    try {
      return await within(commandTimeoutMs, waiting)
    } catch (cause) {
      // One that comes too late belongs to nobody.
      if (cause instanceof TimedOut) waiting.then((client) => client.release(), ignore)
      throw cause
    }
  }

  /** @param recover whether the connection can be used further after the work has failed */
  async function lease<T>(
    work: (client: PoolClient) => Promise<T>,
    recover: (client: PoolClient, cause: unknown) => Promise<boolean>,
  ): Promise<T> {
    const client = await connected()
    // The pool listens to idle ones alone, and a connection that breaks would end the process.
    client.on('error', ignore)
    let isUsable = true
    try {
      return await work(client)
    } catch (cause) {
      isUsable = isWorthKeeping(cause) && (await recover(client, cause))
      throw cause
    } finally {
      // What was sent on a connection that is closed may still be carried out, but its answer reaches nobody else.
      client.off('error', ignore)
      client.release(!isUsable)
    }
  }

  const command = (client: PoolClient, text: string): Promise<unknown> =>
    within(commandTimeoutMs, client.query(text))

  return {
    address: addressOf(pool.options),
    send: (text, values) =>
      lease(
        (client) => sendOn(client)(text, values),
        (_client, cause) => Promise.resolve(Object(cause).severity === 'ERROR'),
      ),
    transaction: (work) =>
      lease(
        async (client) => {
          const send = sendOn(client)
          // In a pipeline, the first statement need not wait for the answer, and counts only with it.
          const begun = command(client, 'BEGIN ISOLATION LEVEL READ COMMITTED')
          begun.catch(ignore)
          if (pool.options.pipeline !== true) await begun
          const result = await work(async (text, values) => {
            const rows = await send(text, values)
            await begun
            return rows
          })
          await command(client, 'COMMIT')
          return result
        },
        (client) =>
          command(client, 'ROLLBACK').then(
            () => true,
            () => false,
          ),
      ),
    listen: listener.listen,
    async mayHaveOthers() {
      const text = `SELECT count(*) AS others FROM pg_stat_activity
        WHERE application_name = $1 AND datname = current_database() AND pid <> ALL ($2)`
      const values = [listenerName(schema), listener.pids()]
      const { rows } = await within(commandTimeoutMs, pool.query<Row>({ text, values, types: parsers }))
      return rows[0]?.others !== 0
    },
    async close() {
      await listener.close()
      // A server that hangs does not keep the process.
      if (given.kind === 'url') await within(commandTimeoutMs, pool.end()).catch(ignore)
      else pool.off('error', ignore)
    },
  }
}

/** A client reads at once the files that its settings name, such as certificates. */
function expectUsable(open: () => Client): void {
  try {
    open()
  } catch (cause) {
    const { code, path } = Object(cause)
    const reason = typeof path === 'string' ? `it names ${path} (${code})` : 'its parts are wrong'
    throw refusal(`"postgres.url" or "postgres.pool" cannot be used: ${reason}`)
  }
}

/** By its text: other stores may use the same connections, which refuse one name for two texts. */
function nameOf(text: string): string {
  return `sallyport_${hash('sha256', text, 'base64url').slice(0, NAME_CHARACTERS)}`
}

/** A server that only reads has become a standby: its address may lead to another primary by now. */
function isWorthKeeping(cause: unknown): boolean {
  return !(cause instanceof TimedOut) && sqlState(cause) !== '25006'
}

/** In the place of a client that could not be made: it fails when it connects. */
class Unmade extends EventEmitter {
  readonly #cause: unknown

  constructor(cause: unknown) {
    super()
    this.#cause = cause
  }

  connect(callback: (cause: unknown) => void): void {
    setImmediate(callback, this.#cause)
  }
}

/**
 * Makes the clients of a pool. A client reads at once the files that its settings name, which may be gone for now, and the pool
 * makes some where nobody could catch what that throws.
 */
function PooledClient(config: ClientConfig): Client | Unmade {
  try {
    return new Client(config)
  } catch (cause) {
    return new Unmade(cause)
  }
}

function openPool(url: string, { commandTimeoutMs, maxConnections }: PostgresSettings): Pool {
  return new Pool({
    connectionString: url,
    max: maxConnections,
    connectionTimeoutMillis: commandTimeoutMs,
    // The server gives up what nobody waits for any more, and holds no lock for it.
    statement_timeout: commandTimeoutMs,
    idle_in_transaction_session_timeout: commandTimeoutMs,
    allowExitOnIdle: true,
    keepAlive: true,
    pipeline: true,
    application_name: 'sallyport',
    // What a constructor returns is what it makes.
    Client: PooledClient as unknown as new () => Client,
  })
}

/** The password of a pool is not enumerable. */
function listenerConfig({ options }: Pool, schema: string): ClientConfig {
  const { password } = options
  return {
    ...options,
    ...(password === undefined ? {} : { password }),
    application_name: listenerName(schema),
    keepAlive: true,
  }
}

/** Without user and password. */
function addressOf({ connectionString, host, port, database }: Pool['options']): string {
  const url = URL.canParse(connectionString ?? '') ? new URL(connectionString ?? '') : undefined
  const name = url === undefined ? (database ?? '') : url.pathname.slice(1)
  return `${url?.hostname ?? host ?? 'localhost'}:${url?.port || port || 5432}/${name}`
}
