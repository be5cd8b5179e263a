import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { types } from 'node:util'
import { describe, expect, inject, test } from 'vitest'
import { send } from '../conformance/client.ts'
import { expectReply } from '../conformance/expectations.ts'
import { bearer, login, refreshBy, signedIn } from '../conformance/visitor.ts'
import { firstTry, frameworks, pageOf } from './programs.ts'
import { start } from './run.ts'

const project = inject('project')
const require = createRequire(`${project}/`)

/** A package and what it brings along. */
function installedWith(name: string, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(name)) return found
  found.add(name)
  const manifest = readFileSync(`${project}/node_modules/${name}/package.json`, 'utf8')
  const { dependencies = {} }: { readonly dependencies?: object } = JSON.parse(manifest)
  for (const dependency of Object.keys(dependencies)) installedWith(dependency, found)
  return found
}

const isEsm = (name: string): boolean => types.isModuleNamespaceObject(require(name))

describe.each(frameworks)('the page of %s', (framework) => {
  test('has Jest translate what is an ES module, and nothing else', () => {
    const [, translated = ''] =
      /^ {2}transformIgnorePatterns: .*\(\?!\((.*?)\)\/\)/m.exec(pageOf(framework)) ?? []
    const all = [`@sallyport/${framework}`, '@sallyport/redis'].flatMap((name) => [...installedWith(name)])
    const others = all.filter((name) => !name.startsWith('@sallyport/') && isEsm(name))
    // pnpm keeps packages in a folder of that name.
    expect(translated.split('|')).toEqual(['\\\\.pnpm', '@sallyport', ...[...new Set(others)].sort()])
  })

  test('of the guide has a first try that goes through the life of a session', async () => {
    const program = `${project}/first-try-${framework}.mjs`
    await writeFile(program, firstTry(framework))
    const { url, stop } = await start(program, {})
    try {
      expect((await send(url, login('anybody', 'a guess'))).status).toBe(401)
      const first = signedIn(await send(url, login('anybody', 'demo')))
      const me = { path: '/api/me', headers: bearer(first.token) }
      expectReply(await send(url, me), { status: 200, body: { sub: 'usr_1' } })
      const { refresh } = signedIn(await send(url, refreshBy(first.refresh)))
      const logout = { ...refreshBy(refresh), path: '/auth/logout' }
      expectReply(await send(url, logout), { status: 204, cookie: 'cleared' })
      expectReply(await send(url, me), { status: 401, error: 'invalid_token' })
    } finally {
      await stop()
    }
  })
})
