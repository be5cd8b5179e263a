import { describe, expect, inject, test } from 'vitest'
import { compile, writeProject } from './compile.ts'
import { runModule } from './run.ts'
import { setups } from './setups.ts'

const project = inject('project')
const doors = inject('doors')

describe('there is one copy of the code, for import and require', () => {
  test('both give the same functions and classes', async () => {
    const code = `
      const { strictEqual, deepStrictEqual } = require('node:assert')
      async function main() {
        for (const door of ${JSON.stringify(doors)}) {
          const [required, imported] = [require(door), await import(door)]
          deepStrictEqual(Object.keys(required).sort(), Object.keys(imported).sort(), door)
          for (const [name, one] of Object.entries(required)) strictEqual(one, imported[name], door + ': ' + name)
        }
        console.log('the same')
      }
      main()
    `
    expect(await runModule(`${project}/same.cjs`, code)).toBe('the same')
  })

  test('an error of what was required is an instance of the imported class, and the other way round', async () => {
    const code = `
      const core = require('@sallyport/core')
      const express = require('@sallyport/express')
      async function main() {
        const { ConfigError, createSallyport } = await import('@sallyport/core')
        const wrong = { issuer: 1 }
        const required = await express.createSallyport(wrong).catch((error) => error)
        const imported = await createSallyport(wrong).catch((error) => error)
        console.log(required instanceof ConfigError, required instanceof core.ConfigError, required.option)
        console.log(imported instanceof core.ConfigError, imported instanceof express.ConfigError)
      }
      main()
    `
    expect(await runModule(`${project}/instances.cjs`, code)).toBe('true true issuer\ntrue true')
  })
})

describe('there is one copy of the types', () => {
  const own = `
    import { ConfigError, createSallyport, memoryStore } from '@sallyport/core'
    import { createSallyport as onExpress } from '@sallyport/express'

    declare module '@sallyport/core' {
      interface Register { claims: { readonly tenant: string } }
    }
    export const store = memoryStore()
    export const sallyport = await createSallyport({ store })
    export const express = await onExpress({ store })
    export const error = new ConfigError('a', 'b')
  `
  const user = `
    import { type Auth, ConfigError, type Sallyport, type StoreDriver } from '@sallyport/core'
    import { type ExpressSallyport, getAuth } from '@sallyport/express'
    import type * as own from './own.mjs' with { 'resolution-mode': 'import' }

    declare const { store, sallyport, express, error }: typeof own
    export const taken: [StoreDriver, Sallyport, ExpressSallyport, ConfigError] = [store, sallyport, express, error]
    export const tenants = (auth: Auth) => [auth.claims.tenant.length, getAuth({} as never).claims.tenant.length]
  `

  const setup = setups.find(({ name }) => name === 'node16 as CommonJS')
  if (setup === undefined) throw new RangeError('there is no such set-up')

  test('an ES module and a CommonJS module of one program exchange them', async () => {
    const folder = `${project}/both`
    await writeProject(folder, setup, { 'own.mts': own, 'user.cts': user })
    expect(await compile(folder, setup, true)).toEqual([])
  })

  test('require has all that import has, of the same types', async () => {
    const pairs = doors.map(
      (door, index) => `
        import * as required${index} from '${door}'
        import type * as imported${index} from '${door}' with { 'resolution-mode': 'import' }
        export type Same${index} = None<Different<typeof required${index}, typeof imported${index}>>
      `,
    )
    const same = `
      type Is<T> = <V>() => V extends T ? 1 : 2
      type Lacking<A, B> = Exclude<keyof A, keyof B> | Exclude<keyof B, keyof A>
      type Different<A, B> = Lacking<A, B> | {
        [K in keyof A & keyof B]: Is<A[K]> extends Is<B[K]> ? never : K
      }[keyof A & keyof B]
      type None<T extends never> = T
    `
    const folder = `${project}/same`
    await writeProject(folder, setup, { 'same.ts': pairs.join('') + same })
    expect(await compile(folder, setup, true)).toEqual([])
  })
})
