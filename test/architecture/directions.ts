export type Table = Readonly<Record<string, readonly string[]>>

/**
 * The parts of the core, and what each may import besides itself. A part is a folder or a file of
 * `packages/core/src`; the row of a file goes before the row of its folder.
 *
 * A row lists other parts, packages of ours, and guarded packages from elsewhere (see the end of this file).
 * `type x` allows types of x only. The table reads downwards: a row names only what stands above it.
 */
const parts: Table = {
  // The vocabulary: requests and answers, what can be plugged in, what can go wrong.
  printable: [],
  seam: ['printable'],
  ports: [],
  thenable: [],
  errors: ['printable', 'thenable'],
  dependencies: ['ports'],
  problems: [],
  secrets: [],

  // One skill each.
  system: ['ports'],
  revocation: ['ports', 'dependencies'],
  binding: ['ports', 'errors'],
  watch: [
    ...['ports', 'errors', 'printable', 'thenable', 'dependencies', 'binding', 'tokens/hmac'],
    'type seam',
  ],
  outbox: ['ports', 'errors', 'dependencies', 'type watch'],
  keys: ['ports', 'errors', 'printable', 'secrets', 'jose'],
  tokens: [
    ...['ports', 'errors', 'dependencies', 'thenable', 'type secrets', 'type seam', 'keys'],
    ...['jose', '@sallyport/claims-policy'],
  ],
  issuers: [
    ...['ports', 'errors', 'dependencies', 'keys'],
    ...['tokens/source', 'tokens/claims', 'tokens/statements', 'type tokens'],
  ],

  state: ['ports', 'secrets', 'keys/envelope', 'watch/lockout'],

  // What happens to a session, and the store that keeps sessions in memory.
  sessions: ['ports', 'errors', 'type seam', 'binding', 'revocation', 'tokens', 'watch'],
  memory: ['ports', 'binding', 'revocation', 'sessions'],
  backchannel: [
    ...[
      'ports',
      'errors',
      'dependencies',
      'type seam',
      'tokens',
      'type issuers',
      'type sessions',
      'type watch',
      'type outbox',
    ],
  ],

  // The way of a request: who may pass, and what is answered.
  access: [
    ...['ports', 'errors', 'seam', 'type problems', 'type issuers', 'issuers/secure-url'],
    ...['revocation', 'tokens', 'watch'],
  ],
  guards: [
    ...['errors', 'thenable', 'dependencies', 'seam', 'problems', 'access/known-token'],
    ...['type ports', 'type watch'],
  ],
  gate: [
    ...['errors', 'thenable', 'seam', 'problems', 'issuers/secure-url', 'sessions', 'access', 'guards'],
    ...['type ports', 'type keys', 'type issuers', 'type watch', 'type outbox', 'type backchannel'],
    'type state',
  ],

  // What an application calls beside its routes, and what it can set.
  application: [
    ...['ports', 'errors', 'printable', 'seam', 'type problems', 'type watch', 'type keys'],
    ...['type issuers', 'type revocation', 'type sessions', 'type access', 'type gate', 'type outbox'],
  ],
  options: [
    ...['ports', 'errors', 'issuers/secure-url', 'access/certificates'],
    ...['type keys', 'type tokens', 'type issuers', 'type revocation', 'type binding'],
    ...[
      'type sessions',
      'type access',
      'type guards',
      'type watch',
      'type gate',
      'type outbox',
      'type backchannel',
    ],
  ],
}
const everyPart = Object.keys(parts)

/** The doors of the core, one for each kind of importer. They re-export, and do nothing else. */
export const coreDoors: Table = {
  index: [...everyPart, 'sallyport'],
  adapter: [...everyPart, 'adapt'],
  store: everyPart,
  signer: everyPart,
  sink: everyPart,
}

/**
 * Who may import what. A package of ours is named by the door that may be used: `@sallyport/core/store` is
 * that door alone, `@sallyport/core/*` any door that the package declares in its `exports`.
 */
export const directions: Table = {
  '@sallyport/claims-policy': ['card-validator', 'libphonenumber-js', 'validator'],

  ...parts,
  // The composition root, and its form in a framework.
  sallyport: everyPart,
  adapt: everyPart,
  ...coreDoors,

  '@sallyport/redis': ['@sallyport/core/store', 'ioredis'],
  '@sallyport/postgres': ['@sallyport/core/store', 'pg', 'kysely'],
  '@sallyport/aws-kms': ['@sallyport/core/signer', '@aws-sdk'],
  '@sallyport/pkcs11': ['@sallyport/core/signer', 'pkcs11js', 'node:module'],
  '@sallyport/audit': ['@sallyport/core/sink', 'pino'],
  '@sallyport/cli': [
    ...['@sallyport/core', '@sallyport/core/adapter', '@sallyport/core/sink', '@sallyport/audit'],
    // `node:module`, since it loads the options of an application, from wherever they are.
    ...['commander', 'node:module'],
  ],
  '@sallyport/client': [],
  '@sallyport/policies': ['@sallyport/core/sink', '@cedar-policy', '@marcbachmann'],
  '@sallyport/headers': ['@sallyport/core/sink', 'helmet', 'express', 'koa', 'fastify'],
  '@sallyport/console': ['@sallyport/core', '@sallyport/core/adapter', '@sallyport/core/sink'],
  '@sallyport/signals': [
    ...['@sallyport/core', '@sallyport/core/adapter', '@sallyport/core/sink', '@sallyport/core/store'],
  ],
  '@sallyport/testing': ['@sallyport/core', '@sallyport/core/adapter', '@sallyport/core/sink', 'jose'],
  '@sallyport/openapi': ['@sallyport/core', '@sallyport/core/adapter', '@sallyport/core/sink'],
  '@sallyport/express': ['@sallyport/core', '@sallyport/core/adapter', 'express'],
  '@sallyport/koa': ['@sallyport/core', '@sallyport/core/adapter', 'koa'],
  '@sallyport/fastify': ['@sallyport/core', '@sallyport/core/adapter', 'fastify'],

  '@sallyport/example-app': [
    ...[
      '@sallyport/audit/*',
      '@sallyport/console/*',
      '@sallyport/core/*',
      '@sallyport/headers',
      '@sallyport/openapi',
      '@sallyport/postgres',
      '@sallyport/redis/*',
      '@sallyport/signals/*',
      'ioredis',
      'pg',
    ],
  ],
  '@sallyport/example-express': [
    ...['@sallyport/example-app/*', '@sallyport/express/*', '@sallyport/headers/express', 'express'],
  ],
  '@sallyport/example-koa': [
    ...['@sallyport/example-app/*', '@sallyport/koa/*', '@sallyport/headers/koa', 'koa'],
  ],
  '@sallyport/example-fastify': [
    ...['@sallyport/example-app/*', '@sallyport/fastify/*', '@sallyport/headers/fastify', 'fastify'],
  ],
  '@sallyport/example-single-logout': ['@sallyport/express/*', '@sallyport/headers/express', 'express'],
  '@sallyport/example-live': [
    '@sallyport/express/*',
    '@sallyport/headers/express',
    '@sallyport/redis/*',
    'express',
    'ioredis',
  ],
}

/** Packages from elsewhere that may be imported only where a row names them. All others are free. */
export const guarded: readonly string[] = [
  ...['jose', '@aws-sdk', 'pkcs11js', 'card-validator', 'libphonenumber-js', 'validator'],
  ...['express', 'koa', 'fastify', 'helmet', 'ioredis', 'pg', 'kysely', 'pino', 'commander'],
  ...['@cedar-policy', '@marcbachmann'],
  // Its `createRequire` makes imports that no rule here can see.
  'node:module',
]
