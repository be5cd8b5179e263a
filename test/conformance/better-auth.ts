/** Where the page on better-auth is served. */
export const ORIGIN = 'https://app.example.com'
export const BETTER_AUTH_SECRET = 'the secret of the old cookies, for as long as they live'

export type Tables = Record<string, { readonly userId?: string }[]>
export const emptyTables = (): Tables => ({ user: [], session: [], account: [], verification: [], jwks: [] })

/**
 * Lets the applications of the page have `globalThis.oldTables` in place of the reader's PostgreSQL, by better-auth's
 * own adapter for memory. `plugin` is a call of one of its plugins.
 */
export const onTables =
  (plugin?: string) =>
  (code: string): string => {
    const plugins = plugin === undefined ? '' : `plugins: [plugins.${plugin}],`
    return `import * as plugins from 'better-auth/plugins'\n${code}`
      .replace("import { Pool } from 'pg'", "import { memoryAdapter } from 'better-auth/adapters/memory'")
      .replace(/new Pool\(.*?\)(?=,)/, 'memoryAdapter(globalThis.oldTables)')
      .replace('betterAuth({', `betterAuth({ ${plugins}`)
  }
