export const frameworks = ['express', 'koa', 'fastify'] as const
export const stores = ['memory', 'redis', 'postgres'] as const
export const languages = ['ts', 'js'] as const
export const moduleKinds = ['esm', 'cjs'] as const

/** What a set-up is made of. */
export interface Choices {
  readonly framework: (typeof frameworks)[number]
  readonly store: (typeof stores)[number]
  /** The origin of the front end, such as `http://localhost:5173`; `undefined` if the pages come from the same one. */
  readonly origin: string | undefined
  readonly language: (typeof languages)[number]
  readonly modules: (typeof moduleKinds)[number]
}

/** A file of a set-up, by its path in the folder. */
export interface NewFile {
  readonly path: string
  readonly text: string
  /** Holds a secret, and is only for its owner. */
  readonly isSecret?: true
}
