// Makes docs/postman.json, a Postman collection of the example server, from the server's own OpenAPI document. With --check it
// writes nothing, and fails when the file is stale.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { root } from './published.mjs'

/**
 * @typedef {object} Event
 * @property {'test'} listen
 * @property {{ type: string, exec: readonly string[] }} script
 *
 * @typedef {object} Request
 * @property {string} method
 * @property {{ key: string, value: string }[]} header
 * @property {object} auth
 * @property {{ mode?: string, urlencoded?: { key: string, value: string, disabled?: boolean }[] }} body
 *
 * @typedef {object} Item a folder, or a request
 * @property {string} name
 * @property {Item[]} [item]
 * @property {Request} [request]
 * @property {readonly Event[]} [event]
 */

const FILE = `${root}docs/postman.json`
/** As `npm start` has them. */
const VARIABLES = {
  baseUrl: 'http://127.0.0.1:3000',
  bearerToken: '',
  refreshToken: '',
  basicAuthUsername: 'gateway',
  basicAuthPassword: 'gateway-secret',
}
const convert = promisify(createRequire(import.meta.url)('openapi-to-postmanv2').convertV2)

const keepToken = "pm.collectionVariables.set('bearerToken', pm.response.json().access_token)"
const keepCookie = [
  "const fields = pm.response.headers.all().filter(({ key }) => key.toLowerCase() === 'set-cookie')",
  "const [, value] = /__Host-refresh=([^;]*)/.exec(fields.map(({ value }) => value).join('\\n'))",
  "pm.collectionVariables.set('refreshToken', value)",
]

/** The order in which the folder shows what a session is: by operation, with the status, and what is kept for later. */
const ORDER = [
  { id: 'login', status: 200, keep: [keepToken, ...keepCookie] },
  { id: 'me', as: 'A verified request', status: 200 },
  { id: 'refresh', status: 200, keep: [keepToken, ...keepCookie] },
  { id: 'me', as: 'A verified request, with the new access token', status: 200 },
  { id: 'revoke', as: 'A gateway revokes the access token', status: 200 },
  { id: 'me', as: 'The access token is refused', status: 401 },
  {
    id: 'refresh',
    as: 'The session lives, and gets another one',
    status: 200,
    keep: [keepToken, ...keepCookie],
  },
  { id: 'logout', status: 204 },
  { id: 'me', as: 'Its access token is refused', status: 401 },
  { id: 'refresh', as: 'So is its refresh token', status: 401 },
]

/** @returns {Promise<{ paths: Record<string, Record<string, { operationId: string, summary: string }>> }>} */
async function documentOfExample() {
  const server = spawn(process.execPath, [`${root}examples/express/dist/server.js`], {
    env: { PORT: '0', AUDIT_FILE: '/dev/null' },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  try {
    const [line] = await once(createInterface(server.stdout), 'line')
    const response = await fetch(new URL('/openapi.json', String(line).replace('listening on ', '')))
    return /** @type {any} */ (await response.json())
  } finally {
    server.kill()
  }
}

/**
 * Without what differs each time, and without answers, which the document has.
 *
 * @param {Item} item
 * @returns {Item}
 */
function tidied({ name, item, request }) {
  if (item !== undefined) return { name, item: item.map(tidied) }
  if (request === undefined) throw new TypeError(`"${name}" is neither a folder nor a request`)
  const { auth, header, ...rest } = request
  // Postman knows no key in a cookie.
  const isCookie = JSON.stringify(auth).includes('__Host-refresh')
  const cookie = { key: 'Cookie', value: '__Host-refresh={{refreshToken}}' }
  return {
    name,
    request: isCookie
      ? { ...rest, auth: { type: 'noauth' }, header: [...header, cookie] }
      : { ...rest, auth, header },
  }
}

/**
 * @param {readonly Item[]} items
 * @returns {Item[]}
 */
function requestsIn(items) {
  return items.flatMap((one) => (one.item === undefined ? [one] : requestsIn(one.item)))
}

/** @param {number} status */
const expectStatus = (status) => `pm.test('${status}', () => pm.response.to.have.status(${status}))`

async function collection() {
  const document = await documentOfExample()
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path))
  const options = { folderStrategy: 'Tags', parametersResolution: 'Example', enableOptionalParameters: false }
  const { result, reason, output } = await convert({ type: 'json', data: document }, options)
  if (result !== true) throw new Error(`the document can't be converted: ${reason}`)
  const folders = output[0].data.item.map(tidied)
  const requests = requestsIn(folders)

  const shown = ORDER.map(({ id, as, status, keep = [] }) => {
    const summary = operations.find(({ operationId }) => operationId === id)?.summary
    const found = requests.find(({ name }) => name === summary)
    if (found?.request === undefined) throw new Error(`the document has no operation "${id}"`)
    const exec = [expectStatus(status), ...keep]
    return {
      name: as ?? found.name,
      request: id === 'revoke' ? withToken(found.request) : found.request,
      event: [{ listen: 'test', script: { type: 'text/javascript', exec } }],
    }
  })
  return {
    info: {
      name: 'Sallyport example',
      description:
        'Made by `npm run postman` from /openapi.json. Start the server by `npm start`, and run the first folder.',
      schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json',
    },
    item: [{ name: 'From sign-in to sign-out', item: shown }, ...folders],
    variable: Object.entries(VARIABLES).map(([key, value]) => ({ key, value })),
  }
}

/**
 * @param {Request} request
 * @returns {Request}
 */
function withToken({ body, ...request }) {
  return { ...request, body: { ...body, urlencoded: [{ key: 'token', value: '{{bearerToken}}' }] } }
}

const made = `${JSON.stringify(await collection(), null, 2)}\n`
if (!process.argv.includes('--check')) await writeFile(FILE, made)
else if ((await readFile(FILE, 'utf8').catch(() => '')) !== made) {
  console.error('postman: docs/postman.json is stale: run npm run postman and commit the result')
  process.exit(1)
}
