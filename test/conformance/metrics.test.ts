import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Hosts, hostNames, startHosts } from '../support/hosts.ts'
import { send } from './client.ts'
import { bearer, login, refreshBy, Visitor } from './visitor.ts'

const read = (name: string): string =>
  readFileSync(new URL(`../../docs/grafana/${name}`, import.meta.url), 'utf8')
/** The queries of the dashboard and of the alert rules. */
const queries = [
  ...[...read('dashboard.json').matchAll(/"(?:expr|query)": "((?:[^"\\]|\\.)*)"/g)].map(
    ([, query = '']) => query,
  ),
  ...[...read('alerts.yml').matchAll(/expr: (.*)/g)].map(([, query = '']) => query),
].filter((query) => query.includes('sallyport'))

let hosts: Hosts
beforeAll(async () => {
  hosts = await startHosts()
})
afterAll(() => hosts?.close())

const scrape = (url: string) => send(url, { path: '/metrics' })

describe.each(hostNames)('%s', (name) => {
  test('counts what happened, for Prometheus', async () => {
    const host = hosts.named(name)
    const visitor = new Visitor(host, 1)
    const { token, refresh } = await visitor.signIn()
    await visitor.send({ path: '/api/me', headers: bearer(token) })
    await visitor.send(refreshBy(refresh))
    await visitor.send(login(visitor.user, 'wrong'))
    await visitor.send({ path: '/api/me', headers: bearer('x') })
    const reply = await scrape(host.url)
    expect(reply.status).toBe(200)
    expect(reply.headers['content-type']).toEqual(['text/plain; version=0.0.4; charset=utf-8'])
    const lines = reply.text.split('\n')
    for (const [what, value] of [
      ['sallyport_events_total{event="session.started"', 1],
      ['sallyport_events_total{event="session.refreshed",outcome="success",reason="rotated"', 1],
      ['sallyport_events_total{event="login.failed",outcome="failure",reason="invalid_credentials"', 1],
      ['sallyport_events_total{event="token.refused",outcome="failure",reason="token_malformed"', 1],
      ['sallyport_requests_allowed_total', 1],
    ] as const) {
      const line = lines.find((one) => one.startsWith(what))
      expect({ what, value: Number(line?.split(' ').at(-1)) }).toEqual({ what, value })
    }
    for (const secret of [token, refresh, visitor.user]) expect(reply.text).not.toContain(secret)
  })
})

test('every name in the dashboard and in the alert rules is exported, with its labels', async () => {
  const [first] = hostNames
  if (first === undefined) throw new RangeError('there are hosts')
  const { text } = await scrape(hosts.named(first).url)
  const exported = new Map(
    [...text.matchAll(/^(\w+)\{(.*)\} /gm)].map(([, name = '', labels = '']) => [name, labels]),
  )
  expect(queries.length).toBeGreaterThan(20)
  for (const query of queries)
    for (const [, name = '', selector = ''] of query.matchAll(/(sallyport_\w+)(?:\{([^}]*)\})?/g)) {
      expect([...exported.keys()]).toContain(name)
      // Prometheus itself adds `instance`.
      const labels = [...selector.matchAll(/(\w+)(?:=~|=)/g)].map(([, label]) => label)
      for (const label of labels.filter((one) => one !== 'instance'))
        expect(exported.get(name)).toContain(`${label}=`)
    }
})

test('every event in them exists', async () => {
  const union = readFileSync(new URL('../../packages/core/src/watch/event.ts', import.meta.url), 'utf8')
  const events = queries.flatMap((query) =>
    [...query.matchAll(/event=~?\\?"([^"\\]+)/g)].map(([, one = '']) => one),
  )
  expect(events.length).toBeGreaterThan(10)
  for (const event of events.flatMap((one) => one.split('|'))) expect(union).toContain(`'${event}'`)
})

test('there is nothing to scrape where it is turned off', async () => {
  const [first] = hostNames
  if (first === undefined) throw new RangeError('there are hosts')
  const off = await startHosts({ METRICS: 'off' }, [first])
  expect((await scrape(off.named(first).url)).status).toBe(404)
  await off.close()
})
