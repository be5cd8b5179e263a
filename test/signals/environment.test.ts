import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { start } from '@sallyport/example-app'
import { afterAll, expect, test, vi } from 'vitest'
import { setupFault } from '../../examples/app/src/environment.ts'
import { framework } from '../../examples/express/src/framework.ts'
import { Visitor } from '../conformance/visitor.ts'
import { type HostName, startHosts } from '../support/hosts.ts'
import { startRecorder } from './recorder.ts'
import { CAEP, jwks } from './transmitter.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-signal-env-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function file(name: string, content: unknown): string {
  const path = join(folder, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

const SIGNAL_ISSUER = 'https://idp.example.com'
const SIGNAL_JWKS = file('jwks.json', jwks)
const receiver = { aud: 'b', endpoint_url: 'https://b.example.com/events' }

test.each([
  ['SIGNAL_ISSUER', { SIGNAL_JWKS }],
  ['SIGNAL_ISSUER', { SIGNAL_JWKS, SIGNAL_ISSUER: 'idp' }],
  ['SIGNAL_ISSUER', { SIGNAL_JWKS, SIGNAL_ISSUER: 'http://idp.example.com' }],
  ['SIGNAL_JWKS', { SIGNAL_ISSUER }],
  ['SIGNAL_JWKS', { SIGNAL_ISSUER, SIGNAL_JWKS: 'http://idp.example.com/jwks' }],
  ['SIGNAL_JWKS', { SIGNAL_ISSUER, SIGNAL_JWKS: join(folder, 'none.json') }],
  ['SIGNAL_JWKS', { SIGNAL_ISSUER, SIGNAL_JWKS: file('text.json', 'text') }],
  ['SIGNAL_JWKS', { SIGNAL_ISSUER, SIGNAL_JWKS: file('empty.json', { keys: [] }) }],
  ['SIGNAL_RECEIVERS', { SIGNAL_RECEIVERS: join(folder, 'none.json') }],
  ['SIGNAL_RECEIVERS', { SIGNAL_RECEIVERS: file('object.json', receiver) }],
  ['SIGNAL_RECEIVERS', { SIGNAL_RECEIVERS: file('lacking.json', [{ aud: 'b' }]) }],
  ['SIGNAL_RECEIVERS', { SIGNAL_RECEIVERS: file('more.json', [{ ...receiver, secret: 'x' }]) }],
  [
    'SIGNAL_RECEIVERS',
    { SIGNAL_RECEIVERS: file('insecure.json', [{ ...receiver, endpoint_url: 'http://b.example.com' }]) },
  ],
  ['SIGNAL_RECEIVERS', { SIGNAL_RECEIVERS: file('twice.json', [receiver, receiver]) }],
])('%s is refused by name in %o', async (variable, more) => {
  const env = { PORT: '0', AUDIT_FILE: join(folder, 'audit.jsonl'), ...more }
  const fault = await start(framework, env).then(
    () => 'nothing',
    (cause: unknown) => setupFault(cause, env),
  )
  expect(fault).toMatch(new RegExp(`^${variable}\\b`))
  expect(fault).not.toContain('\n')
})

const names: readonly HostName[] = ['express on redis', 'koa on memory', 'fastify on memory']

test('without the variables there is nothing; with receivers, they get what ends', async () => {
  const recorder = await startRecorder()
  const hosts = await startHosts(
    { SIGNAL_RECEIVERS: file('good.json', [{ aud: 'b', endpoint_url: `${recorder.url}/events` }]) },
    names,
  )
  try {
    for (const name of names) {
      const visitor = new Visitor(hosts.named(name), 7900 + names.indexOf(name))
      await visitor.expect({ method: 'POST', path: '/auth/signals' }, { status: 404 })
      await visitor.expect({ path: '/auth/ssf/stream' }, { status: 401, challenge: 'bare' })
      await visitor.expect(
        { path: '/.well-known/ssf-configuration' },
        { status: 200, body: { spec_version: '1_0', issuer: 'https://auth.example.test' } },
      )
      const { token, sid, sub } = await visitor.signIn()
      await visitor.expect(
        { method: 'POST', path: '/auth/logout', headers: { authorization: `Bearer ${token}` } },
        { status: 204 },
      )
      await vi.waitFor(
        () =>
          expect(recorder.received.at(-1)?.claims).toMatchObject({
            aud: 'b',
            sub_id: { user: { sub }, session: { id: sid } },
            events: { [`${CAEP}session-revoked`]: {} },
          }),
        { timeout: 5000 },
      )
    }
  } finally {
    await hosts.close()
    await recorder.close()
  }
})
