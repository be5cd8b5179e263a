import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { types } from 'node:util'
import { describe, expect, inject, test } from 'vitest'
import { frameworks, pageOf } from './programs.ts'

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
})
