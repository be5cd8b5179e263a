import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const dist = fileURLToPath(new URL('../../packages/core/dist/', import.meta.url))

/** Every package that a compiler meets which starts at a door, by the declaration that imports it. */
function packagesBehind(door: string): ReadonlyMap<string, string> {
  const met = new Map<string, string>()
  const seen = new Set<string>()
  const open = [join(dist, door)]
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (seen.has(file)) continue
    seen.add(file)
    for (const [, from = ''] of readFileSync(file, 'utf8').matchAll(/(?:from|import\() ?['"]([^'"]+)['"]/g))
      if (from.startsWith('.')) open.push(join(dirname(file), from.replace(/\.[jt]s$/, '.d.ts')))
      else if (!from.startsWith('node:')) met.set(from, file.slice(dist.length))
  }
  return met
}

test.each(['index', 'adapter', 'store', 'signer'])(
  'whoever compiles with %s needs no package that is optional',
  (door) => {
    expect(existsSync(join(dist, `${door}.d.ts`)), 'run npm run build first').toBe(true)
    const packages = packagesBehind(`${door}.d.ts`)
    expect(packages.get('@sallyport/claims-policy')).toBeUndefined()
  },
)
