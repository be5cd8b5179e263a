import { core, type NearMiss, type Violation } from './planted.ts'

const redis = 'packages/redis/src/a.ts'
const express = 'packages/express/src/a.ts'
const koa = 'packages/koa/src/a.ts'

export const wrongImports: Readonly<Record<string, readonly Violation[]>> = {
  'a part that may import nobody': [
    [core('ports/store'), "import '../errors.ts'", 'ports must not import errors'],
    [core('errors'), "export * from './options.ts'", 'errors must not import options'],
    [
      core('seam/auth'),
      "import type { S } from '../ports/store.ts'",
      'seam must not import types of ports/store',
    ],
    [core('secrets'), 'const x = await import(`./errors.ts`)', 'secrets must not import errors'],
  ],
  'a part that is not in the row': [
    [core('system'), "import { x } from './errors.ts'", 'system must not import errors'],
    [core('guards/role'), "import { v } from '../gate/routes.ts'", 'guards must not import gate/routes'],
    [
      core('gate/a'),
      "import type { M } from '../memory/store.ts'",
      'gate must not import types of memory/store',
    ],
    [
      core('gate/a'),
      "type T = import('../tokens/verify.ts').T",
      'gate must not import types of tokens/verify',
    ],
    [
      core('gate/a'),
      "declare module '../tokens/verify.ts' {}",
      'gate must not import types of tokens/verify',
    ],
    [core('watch/a'), "const x = require('../keys/ring.ts')", 'watch must not import keys/ring'],
    [core('issuers/a'), "import x = require('../secrets.ts')", 'issuers must not import secrets'],
  ],
  'more than types of a part whose types alone are allowed': [
    [core('gate/a'), "import { a } from '../ports/store.ts'", 'gate must not import ports/store'],
    [core('gate/a'), "import { type A, b } from '../keys/ring.ts'", 'gate must not import keys/ring'],
    [core('gate/a'), "import {} from '../keys/ring.ts'", 'gate must not import keys/ring'],
    [core('tokens/a'), "export * from '../seam/auth.ts'", 'tokens must not import seam/auth'],
    [core('access/a'), "export { type A, b } from '../problems.ts'", 'access must not import problems'],
    [core('options'), "const x = import('./gate/routes.ts')", 'options must not import gate/routes'],
  ],
  'the composition root and the doors of the core': [
    [core('gate/a'), "type Y = import('../sallyport.ts').S", 'gate must not import types of sallyport'],
    [core('sallyport'), "import * as door from './index.ts'", 'sallyport must not import index'],
    [core('store'), "export { s } from './sallyport.ts'", 'store must not import sallyport'],
    [core('adapter'), "export type { S } from './store.ts'", 'adapter must not import types of store'],
    [core('memory/a'), "import type { S } from '../store.ts'", 'memory must not import types of store'],
  ],
  'a guarded package': [
    [core('sessions/a'), "import { SignJWT } from 'jose'", 'sessions must not import jose'],
    [core('watch/a'), "import type { K } from 'jose/jwk'", 'watch must not import jose/jwk'],
    [core('sallyport'), "export * from 'jose'", 'sallyport must not import jose'],
    [core('keys/a'), "const x = require('pkcs11js')", 'keys must not import pkcs11js'],
    [
      core('tokens/a'),
      "import 'validator/lib/isEmail.js'",
      'tokens must not import validator/lib/isEmail.js',
    ],
    [
      redis,
      "import { x } from '@aws-sdk/client-kms'",
      '@sallyport/redis must not import @aws-sdk/client-kms',
    ],
    [koa, "import type { Request } from 'express'", '@sallyport/koa must not import express'],
    ['examples/koa/src/a.ts', "import 'ioredis'", '@sallyport/example-koa must not import ioredis'],
    [core('keys/a'), "import { createRequire } from 'node:module'", 'keys must not import node:module'],
  ],
  'another package of ours, or another door than its own': [
    [core('gate/a'), "import x from '@sallyport/core'", 'gate must not import @sallyport/core'],
    [
      core('keys/a'),
      "import x from '@sallyport/claims-policy'",
      'keys must not import @sallyport/claims-policy',
    ],
    [
      'packages/claims-policy/src/a.ts',
      "import '@sallyport/core'",
      'claims-policy must not import @sallyport/core',
    ],
    [express, "import type { R } from '@sallyport/redis'", 'express must not import @sallyport/redis'],
    [redis, "import type { S } from '@sallyport/core'", 'redis must not import @sallyport/core'],
    [redis, "import { s } from '@sallyport/core/signer'", 'redis must not import @sallyport/core/signer'],
    [
      'packages/aws-kms/src/a.ts',
      "import '@sallyport/core/store'",
      'aws-kms must not import @sallyport/core/store',
    ],
    ['packages/pkcs11/src/a.ts', "import '@sallyport/core'", 'pkcs11 must not import @sallyport/core'],
    [express, "import { s } from '@sallyport/core/store'", 'express must not import @sallyport/core/store'],
    ['examples/live/src/a.ts', "import '@sallyport/core'", 'example-live must not import @sallyport/core'],
  ],
  'a path instead of a door': [
    [redis, "import { x } from '../../core/src/index.ts'", 'leaves its package'],
    ['examples/koa/src/a.ts', "import '../../../packages/koa/src/view.ts'", 'leaves its package'],
    [
      redis,
      "import {\n  type A, // from 'b'\n  b,\n} from '@sallyport/core/dist/store.js'",
      ':1 bypasses the doors',
    ],
    [express, "type A = import('@sallyport/core/store/../src/errors.ts').A", 'is not a package name'],
  ],
  'what cannot be followed': [
    [core('gate/a'), "import x from './missing.ts'", 'which does not exist'],
    [core('gate/a'), `const x = await import(\`./\${name}.ts\`)`, 'imports a computed path'],
    [core('gate/a'), "const x = await import('./answer' + '.ts')", 'imports a computed path'],
    [core('gate/a'), "const x = require('#inside')", '#inside, which is not a package name'],
    [core('gate/a'), "import 'file:///srv/core/src/errors.ts'", 'which is not a package name'],
    [core('gate/a'), "import 'cookie/../jose/index.js'", 'which is not a package name'],
    [core('extra/a'), "import '../ports/store.ts'", 'has no row in the table'],
    ['packages/hono/src/a.ts', "import '@sallyport/core'", 'has no row in the table'],
  ],
}

export const rightImports: readonly NearMiss[] = [
  [core('gate/a'), "// import x from '../memory/store.ts'\nconst x = \"import '../memory/store.ts'\""],
  [
    core('gate/a'),
    "import './routes.ts'\nimport { v } from '../access/verify.ts'\nimport type { S } from '../ports/store.ts'",
  ],
  [
    core('gate/a'),
    "export type * from '../ports/store.ts'\nexport { type K } from '../keys/ring.ts'\nimport type {} from '../keys/ring.ts'",
  ],
  [core('tokens/a'), "type A = import('../seam/auth.ts').Auth\ntype B = typeof import('../secrets.ts')"],
  [core('tokens/a'), "import 'jose'\nimport 'jose/jwk'\nconst x = import('@sallyport/claims-policy')"],
  [core('options'), "import { x } from './ports/store.ts'\nimport { type A } from './gate/routes.ts'"],
  [core('sallyport'), "import './memory/store.ts'\nconst x = await import('./keys/ring.ts')"],
  [core('index'), "export { createSallyport } from './sallyport.ts'\nexport * from './errors.ts'"],
  [core('adapter'), "export { createSallyport } from './adapt.ts'\nexport type { A } from './seam/auth.ts'"],
  [
    core('gate/a'),
    "import { hash } from 'node:crypto'\nimport cookie from 'cookie'\nimport x from 'jose-tools'",
  ],
  [redis, "import { Redis } from 'ioredis'\nimport type { Store } from '@sallyport/core/store'"],
  [express, "import '@sallyport/core'\nimport '@sallyport/core/adapter'\nimport 'express'"],
  ['packages/aws-kms/src/a.ts', "import '@sallyport/core/signer'\nimport('@aws-sdk/client-kms')"],
  ['packages/pkcs11/src/a.ts', "import { createRequire } from 'node:module'\nrequire('pkcs11js')"],
  ['packages/claims-policy/src/a.ts', "import 'validator/lib/isEmail.js'\nimport 'libphonenumber-js/max'"],
  ['examples/app/src/a.ts', "import '@sallyport/core/signer'\nimport '@sallyport/redis'\nimport 'ioredis'"],
  ['examples/express/src/a.ts', "import '@sallyport/express/augment'\nimport express from 'express'"],
]
