import { UsageError } from '../../surroundings.ts'
import type { Choices } from './choices.ts'

/** As much of `package.json` as a set-up needs. */
export interface Manifest {
  readonly type?: string
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly [member: string]: unknown
}

type Versions = Readonly<Record<string, string>>

interface Packages {
  readonly needed: Versions
  /** What lets pages of other origins read answers. */
  readonly cors: Versions
  readonly types: Versions
  readonly corsTypes: Versions
}

const FRAMEWORKS: Readonly<Record<Choices['framework'], Packages>> = {
  express: {
    needed: { express: '^5.1.0' },
    cors: { cors: '^2.8.5' },
    types: { '@types/express': '^5.0.0' },
    corsTypes: { '@types/cors': '^2.8.17' },
  },
  koa: {
    needed: { koa: '^3.0.0', '@koa/router': '^15.7.0', '@koa/bodyparser': '^6.1.0' },
    cors: { '@koa/cors': '^5.0.0' },
    types: { '@types/koa': '^3.0.0' },
    corsTypes: { '@types/koa__cors': '^5.0.0' },
  },
  fastify: { needed: { fastify: '^5.0.0' }, cors: { '@fastify/cors': '^11.0.0' }, types: {}, corsTypes: {} },
}
const STORES: Readonly<Record<Choices['store'], Versions>> = {
  memory: {},
  redis: { ioredis: '^6.0.0' },
  postgres: { pg: '^8.16.0' },
}
const TYPESCRIPT: Versions = { typescript: '^5.9.0 || ^6.0.0 || ^7.0.0', '@types/node': '^20.19.0' }
const COMMAND = 'node_modules/@sallyport/cli/dist/main.js'

/** @param version of this package, which all packages of Sallyport share */
function dependenciesOf(
  { framework, store, origin, language }: Choices,
  version: string,
): { readonly dependencies: Versions; readonly devDependencies: Versions } {
  const { needed, cors, types, corsTypes } = FRAMEWORKS[framework]
  const ours = [framework, ...(store === 'memory' ? [] : [store])].map((name) => `@sallyport/${name}`)
  return {
    dependencies: {
      ...Object.fromEntries(ours.map((name) => [name, `^${version}`])),
      ...needed,
      ...STORES[store],
      ...(origin === undefined ? {} : cors),
    },
    devDependencies: {
      '@sallyport/cli': `^${version}`,
      ...(language === 'ts' ? { ...TYPESCRIPT, ...types, ...(origin === undefined ? {} : corsTypes) } : {}),
    },
  }
}

function scriptsOf({ language }: Choices): Readonly<Record<string, string>> {
  return language === 'ts'
    ? {
        build: 'tsc',
        dev: 'tsc && node --env-file=.env dist/server.js',
        start: 'node dist/server.js',
        sallyport: `node --env-file=.env ${COMMAND}`,
      }
    : {
        dev: 'node --env-file=.env --watch server.js',
        start: 'node server.js',
        sallyport: `node --env-file=.env ${COMMAND}`,
      }
}

/**
 * What `package.json` becomes: whatever is missing is added, and nothing is changed that is there. Throws a `UsageError`
 * if a script of the same name does something else.
 */
export function extended(manifest: Manifest | undefined, choices: Choices, version: string): Manifest {
  const scripts = scriptsOf(choices)
  // `npm init` writes this one, which only fails.
  const own = Object.entries(manifest?.scripts ?? {}).filter(([name]) => name !== 'test')
  const taken = own.find(([name, script]) => scripts[name] !== undefined && scripts[name] !== script)
  if (taken !== undefined)
    throw new UsageError(`package.json has a script "${taken[0]}" already: rename it, or use another folder`)
  const { dependencies, devDependencies } = dependenciesOf(choices, version)
  return {
    ...(manifest ?? { name: 'app', version: '0.0.0', private: true }),
    type: choices.modules === 'esm' ? 'module' : 'commonjs',
    scripts: { ...scripts, ...manifest?.scripts },
    dependencies: sorted({ ...dependencies, ...manifest?.dependencies }),
    devDependencies: sorted({
      ...without(devDependencies, manifest?.dependencies),
      ...manifest?.devDependencies,
    }),
  }
}

function without(versions: Versions, others: Versions = {}): Versions {
  return Object.fromEntries(Object.entries(versions).filter(([name]) => others[name] === undefined))
}

function sorted(versions: Versions): Versions {
  return Object.fromEntries(Object.entries(versions).sort(([one], [other]) => (one < other ? -1 : 1)))
}
