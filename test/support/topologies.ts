import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { startProxy } from './proxy.ts'
import { type RedisServer, startRedis } from './redis.ts'

/** A real Redis Cluster of three masters with a replica each. */
export interface RedisCluster {
  readonly nodes: readonly RedisServer[]
  /** `host:port,host:port`, as the variable REDIS_CLUSTER takes it. */
  readonly addresses: string
  /** The nodes that are masters now, with the slots that they hold as `CLUSTER NODES` says them. */
  masters(): Promise<readonly ClusterMaster[]>
  /**
   * Moves a slot, with all keys in it, from its master to another, as a resharding does; with a pause after
   * each key, during which the slot lies in two places.
   */
  migrate(slot: number, from: ClusterMaster, to: ClusterMaster, pauseMs?: number): Promise<void>
  stop(): Promise<void>
}

export interface ClusterMaster {
  readonly id: string
  readonly server: RedisServer
  readonly slots: readonly (readonly [first: number, last: number])[]
}

/** A primary, its replica and three sentinels that watch them. */
export interface SentinelSet {
  readonly primary: RedisServer
  readonly replica: RedisServer
  readonly sentinels: readonly RedisServer[]
  /** `name@host:port,...`, as the variable REDIS_SENTINEL takes it. */
  readonly address: string
  /** The port of the server that the sentinels hold for the primary now. */
  primaryPort(): Promise<number>
  /** Waits until the replica has all that was written. */
  caughtUp(): Promise<void>
  /** From now on the replica gets nothing of what is written: what it has stays as it is. */
  lag(): Promise<void>
  /** Kills the primary and waits until every sentinel names the replica in its place. */
  failOver(): Promise<FailOver>
  /** The server that was killed comes back empty, as the replica of the one that has its place. */
  rejoin(): Promise<void>
  stop(): Promise<void>
}

/** When the replica had become the primary, and when every sentinel said so. */
export interface FailOver {
  readonly promotedAt: number
  readonly knownAt: number
}

const SLOTS = 16_384
const MASTERS = 3
const NODE_TIMEOUT_MS = 1000
const NAME = 'sallyport'

export async function startCluster(): Promise<RedisCluster> {
  const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', String(NODE_TIMEOUT_MS)]
  const nodes = await Promise.all(
    Array.from({ length: 2 * MASTERS }, () =>
      startRedis({ args: [...args, '--repl-diskless-sync-delay', '0'] }),
    ),
  )
  const clients = nodes.map(open)
  const [first] = clients
  if (first === undefined) throw new Error('a cluster has nodes')
  const share = Math.ceil(SLOTS / MASTERS)
  await Promise.all(
    clients.slice(0, MASTERS).map((client, index) => {
      const last = Math.min(SLOTS, (index + 1) * share) - 1
      return client.call('CLUSTER', 'ADDSLOTSRANGE', index * share, last)
    }),
  )
  for (const node of nodes.slice(1)) await first.call('CLUSTER', 'MEET', '127.0.0.1', node.port)
  await eventually('every node knows all others', async () =>
    (await Promise.all(clients.map(async (client) => (await clusterNodes(client)).length))).every(
      (known) => known === nodes.length,
    ),
  )
  const ids = await Promise.all(clients.map(async (client) => String(await client.call('CLUSTER', 'MYID'))))
  await Promise.all(
    clients.slice(MASTERS).map((client, index) => client.call('CLUSTER', 'REPLICATE', String(ids[index]))),
  )
  await eventually('the cluster is whole', async () => {
    const states = await Promise.all(
      clients.map(async (client) => String(await client.call('CLUSTER', 'INFO'))),
    )
    const links = await Promise.all(clients.slice(MASTERS).map((client) => client.info('replication')))
    return (
      states.every((state) => state.includes('cluster_state:ok')) &&
      links.every((link) => link.includes('master_link_status:up'))
    )
  })
  for (const client of clients) client.disconnect()

  return {
    nodes,
    addresses: nodes.map(({ port }) => `127.0.0.1:${port}`).join(','),
    masters: () => mastersOf(nodes),
    migrate,
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()))
    },
  }
}

async function migrate(slot: number, from: ClusterMaster, to: ClusterMaster, pauseMs = 0): Promise<void> {
  const [source, target] = [open(from.server), open(to.server)]
  await target.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.id)
  await source.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.id)
  for (;;) {
    const keys = (await source.call('CLUSTER', 'GETKEYSINSLOT', slot, 10)) as string[]
    if (keys.length === 0) break
    for (const key of keys) {
      await source.call('MIGRATE', '127.0.0.1', to.server.port, key, 0, 1000)
      await sleep(pauseMs)
    }
  }
  await target.call('CLUSTER', 'SETSLOT', slot, 'NODE', to.id)
  await source.call('CLUSTER', 'SETSLOT', slot, 'NODE', to.id)
  source.disconnect()
  target.disconnect()
}

async function mastersOf(nodes: readonly RedisServer[]): Promise<readonly ClusterMaster[]> {
  for (const node of nodes) {
    const client = open(node)
    const lines = await clusterNodes(client).catch(() => [])
    client.disconnect()
    const masters = lines.filter((line) => /\bmaster\b/.test(line) && !/\bfail\b/.test(line))
    const found = masters.flatMap((line): ClusterMaster[] => {
      const [id = '', address = '', , , , , , , ...slots] = line.split(' ')
      const server = nodes.find(({ port }) => address.startsWith(`127.0.0.1:${port}@`))
      const ranges = slots.filter((one) => !one.startsWith('[')).map((one) => one.split('-').map(Number))
      return server === undefined || ranges.length === 0
        ? []
        : [{ id, server, slots: ranges.map(([from = 0, to = from]) => [from, to]) }]
    })
    if (found.length >= MASTERS) return found
  }
  return []
}

async function clusterNodes(client: Redis): Promise<string[]> {
  return String(await client.call('CLUSTER', 'NODES'))
    .trim()
    .split('\n')
}

export async function startSentinelSet(): Promise<SentinelSet> {
  const quick = ['--repl-diskless-sync-delay', '0', '--repl-timeout', '5']
  const nowhere = await startProxy(0)
  nowhere.cut('swallow')
  const primary = await startRedis({ args: quick })
  const replica = await startRedis({ args: [...quick, '--replicaof', '127.0.0.1', String(primary.port)] })
  const watcher = open(replica)
  await eventually('the replica follows', async () =>
    (await watcher.info('replication')).includes('master_link_status:up'),
  )
  watcher.disconnect()
  const sentinels = await Promise.all(
    Array.from({ length: 3 }, () =>
      startRedis({ args: ['--sentinel'], config: sentinelConfig(primary.port) }),
    ),
  )
  const clients = sentinels.map(open)
  await eventually('the sentinels know each other and the replica', async () => {
    const states = await Promise.all(clients.map((client) => client.call('SENTINEL', 'MASTER', NAME)))
    return states.every((state) => {
      const fields = state as string[]
      const field = (name: string): string => fields[fields.indexOf(name) + 1] ?? ''
      return field('num-other-sentinels') === '2' && field('num-slaves') === '1'
    })
  })
  const primaryPorts = async (): Promise<readonly number[]> => {
    const answers = await Promise.all(
      clients.map((client) => client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME).catch(() => [])),
    )
    return answers.map((answer) => Number((answer as string[])[1] ?? 0))
  }
  /** Who has which part now. */
  let [leading, following] = [primary, replica]
  const tell = async <T>(server: RedisServer, ask: (client: Redis) => Promise<T>): Promise<T> => {
    const client = open(server)
    return ask(client).finally(() => client.disconnect())
  }
  const replicationOf = (server: RedisServer): Promise<string> =>
    tell(server, (client) => client.info('replication'))

  return {
    primary,
    replica,
    sentinels,
    address: `${NAME}@${sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
    primaryPort: async () => (await primaryPorts())[0] ?? 0,
    async caughtUp() {
      await eventually('the replica has all that was written', async () => {
        const [written, had] = await Promise.all([leading, following].map(replicationOf))
        return offsetIn(written) === offsetIn(had)
      })
    },
    async lag() {
      await tell(following, (client) => client.call('REPLICAOF', '127.0.0.1', nowhere.port))
    },
    async failOver() {
      leading.kill()
      const [dead, next] = [leading, following]
      await eventually('the replica takes over', async () =>
        (await replicationOf(next)).includes('role:master'),
      )
      const promotedAt = performance.now()
      await eventually('every sentinel knows it', async () =>
        (await primaryPorts()).every((port) => port === next.port),
      )
      leading = next
      following = dead
      return { promotedAt, knownAt: performance.now() }
    },
    async rejoin() {
      await following.restartEmpty()
      await tell(following, (client) => client.call('REPLICAOF', '127.0.0.1', leading.port))
      await eventually('it follows', async () => {
        const [sends, follows] = await Promise.all([leading, following].map(replicationOf))
        return /state=online/.test(sends ?? '') && /master_link_status:up/.test(follows ?? '')
      })
      await eventually('the sentinels know it for a replica', async () => {
        const states = await Promise.all(clients.map((client) => client.call('SENTINEL', 'REPLICAS', NAME)))
        return states.every((state) => JSON.stringify(state).includes('"flags","slave"'))
      })
    },
    async stop() {
      for (const client of clients) client.disconnect()
      await Promise.all([...sentinels, replica, primary, nowhere].map((server) => server.stop()))
    },
  }
}

function offsetIn(replication = ''): string | undefined {
  return /^master_repl_offset:(\d+)/m.exec(replication)?.[1]
}

function sentinelConfig(port: number): string {
  return [
    `sentinel monitor ${NAME} 127.0.0.1 ${port} 2`,
    `sentinel down-after-milliseconds ${NAME} 1000`,
    `sentinel failover-timeout ${NAME} 5000`,
    `sentinel parallel-syncs ${NAME} 1`,
    '',
  ].join('\n')
}

function open(server: RedisServer): Redis {
  const client = new Redis(server.url, { protocol: 2, maxRetriesPerRequest: 1, enableReadyCheck: false })
  client.on('error', () => {})
  return client
}

async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!(await holds().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`it did not come true that ${what}`)
    await sleep(50)
  }
}
