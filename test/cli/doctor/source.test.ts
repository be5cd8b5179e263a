import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Clinic, openClinic, SECRET } from './clinic.ts'

let clinic: Clinic
let folders = 0
beforeAll(async () => {
  clinic = await openClinic()
})
afterAll(() => clinic.close())

/** What is found in a source tree of these files. */
async function sightingsIn(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const folder = `source-${++folders}`
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(clinic.folder, folder, name, '..'), { recursive: true })
    await clinic.file(join(folder, name), text)
  }
  const { stdout } = await clinic.doctor('', ['--source', folder, '--json'])
  return JSON.parse(stdout).findings.map(
    ({
      id,
      place,
    }: {
      readonly id: string
      readonly place: { readonly file: string; readonly line: number } | null
    }) => (place === null ? id : `${id} ${place.file}:${place.line}`),
  )
}

// In parts, so that nobody who looks for secrets finds one here.
const token = ['eyJhbGciOiJub25lIn0', 'eyJzdWIiOiJhbGljZSJ9', 'c2lnbmF0dXJlMTIz'].join('.')
const pem = ['-----BEGIN', 'PRIVATE KEY-----'].join(' ')

describe('each fault is found at its line, and nothing else', () => {
  test.each([
    ['source-own-secret', `const key = '${SECRET}'`],
    ['source-private-key', pem],
    ['source-jwk', `{ "kty": "OKP", "d": "${'Ab1_'.repeat(11)}" }`],
    ['source-token', `const sample = '${token}'`],
    ['source-secret', "createSallyport({ secret: 'keyboard-cat' })"],
    ['source-secret', "const t = jwt.sign({ sub }, 'shhhhh')"],
    ['source-password', "redisStore({ url: 'redis://app:hunter2@redis:6379' })"],
    ['source-no-verification', 'const { sub } = jwt.decode(token)'],
    ['source-no-verification', "verify(token, key, { algorithms: ['HS256', 'none'] })"],
    ['source-web-storage', "localStorage.setItem('access_token', token)"],
  ])('%s: %s', async (id, line) => {
    expect(await sightingsIn({ 'src/app.ts': `// first\n${line}\n` })).toEqual([`${id} src/app.ts:2`])
  })
})

test('what takes secrets from elsewhere, or is not ours, is fine', async () => {
  const files = {
    'app.ts': `createSallyport({ secret: process.env.SALLYPORT_SECRET })\nconst url = \`redis://\${user}:\${password}@h\`\n`,
    'node_modules/other/index.js': "const secret = 'keyboard-cat'\n",
    'picture.png': pem,
  }
  expect(await sightingsIn(files)).toEqual([])
})

test('a link out of the tree is not followed, and a large file is told', async () => {
  await clinic.file('outside.ts', pem)
  const large = 'x'.repeat(2_000_000)
  expect(await sightingsIn({ 'large.ts': large })).toEqual(['source-incomplete'])
  await mkdir(join(clinic.folder, 'linked'))
  await symlink(join(clinic.folder, 'outside.ts'), join(clinic.folder, 'linked/inside.ts'))
  expect(await clinic.ids('', ['--source', 'linked'])).toEqual([])
})

test('a line that is made to take long does not', async () => {
  const hostile = [
    `jwt.sign(${'a'.repeat(100_000)}`,
    `"d":${' '.repeat(100_000)}`,
    `redis://${':'.repeat(100_000)}`,
  ]
  expect(await sightingsIn({ 'hostile.js': hostile.join('\n') })).toEqual([])
})
