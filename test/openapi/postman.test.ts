import { readFile } from 'node:fs/promises'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Fields, type Reply, send } from '../conformance/client.ts'
import { type HostName, type Hosts, startHosts } from '../support/hosts.ts'

interface Pair {
  readonly key: string
  readonly value: string
  readonly disabled?: boolean
}
interface Item {
  readonly name: string
  readonly item?: readonly Item[]
  readonly request: {
    readonly method: string
    readonly url: { readonly path: readonly string[] }
    readonly header: readonly Pair[]
    readonly auth: { readonly type: string }
    readonly body?: { readonly raw?: string; readonly urlencoded?: readonly Pair[] }
  }
  readonly event?: readonly { readonly script: { readonly exec: readonly string[] } }[]
}
interface Collection {
  readonly item: readonly Item[]
  readonly variable: readonly Pair[]
}

const NAME = 'express on memory' satisfies HostName
let hosts: Hosts
let collection: Collection
beforeAll(async () => {
  hosts = await startHosts({}, [NAME])
  collection = JSON.parse(await readFile(new URL('../../docs/postman.json', import.meta.url), 'utf8'))
})
afterAll(() => hosts?.close())

/** Sends a request as Postman does, as far as the collection needs it. */
function sent({ request }: Item, variables: ReadonlyMap<string, string>): Promise<Reply> {
  const filled = (text: string): string =>
    text.replace(/\{\{(\w+)\}\}/g, (_, name) => variables.get(name) ?? '')
  const { method, url, header, auth, body } = request
  const headers: Record<string, string> = {}
  for (const { key, value, disabled } of header)
    if (disabled !== true) headers[key.toLowerCase()] = filled(value)
  if (auth.type === 'bearer') headers.authorization = filled('Bearer {{bearerToken}}')
  if (auth.type === 'basic') {
    const pair = filled('{{basicAuthUsername}}:{{basicAuthPassword}}')
    headers.authorization = `Basic ${Buffer.from(pair).toString('base64')}`
  }
  const fields = body?.urlencoded?.map(({ key, value }): [string, string] => [key, filled(value)])
  const content = fields === undefined ? body?.raw : new URLSearchParams(fields).toString()
  return send(hosts.named(NAME).url, {
    ...{ method, path: `/${url.path.join('/')}`, headers: headers as Fields },
    ...(content === undefined ? {} : { body: content }),
  })
}

/** Runs what the collection does with a reply, and gives the names of what it asserted. */
function judged({ event = [] }: Item, reply: Reply, variables: Map<string, string>): string[] {
  const passed: string[] = []
  const response = {
    json: () => JSON.parse(reply.text),
    headers: {
      all: () =>
        Object.entries(reply.headers).flatMap(([key, values]) => values.map((value) => ({ key, value }))),
    },
    to: { have: { status: (status: number) => expect(reply.status).toBe(status) } },
  }
  const pm = {
    response,
    collectionVariables: { set: (name: string, value: string) => variables.set(name, value) },
    test(name: string, check: () => void) {
      check()
      passed.push(name)
    },
  }
  for (const { script } of event) runInNewContext(script.exec.join('\n'), { pm })
  return passed
}

test('the first folder of the Postman collection goes from a sign-in to a sign-out', async () => {
  const [folder] = collection.item
  const variables = new Map(collection.variable.map(({ key, value }) => [key, value]))
  const statuses: string[] = []
  for (const item of folder?.item ?? [])
    statuses.push(...judged(item, await sent(item, variables), variables))
  expect(statuses).toEqual(['200', '200', '200', '200', '200', '401', '200', '204', '401', '401'])
})

test('the collection has every operation of the document', async () => {
  const { text } = await send(hosts.named(NAME).url, { path: '/openapi.json' })
  const operations = Object.values<Record<string, { summary: string }>>(JSON.parse(text).paths)
  const wanted = operations.flatMap((path) => Object.values(path).map(({ summary }) => summary))
  const requests = collection.item.slice(1).flatMap(({ item = [] }) => item.map(({ name }) => name))
  expect(requests.sort()).toEqual(wanted.sort())
})
