import { afterAll, beforeAll, inject } from 'vitest'

/** What Stryker's instrumented sources share with its own set-up, which has run before this one. */
interface Shared {
  activeMutant?: string
  currentTestId?: string
  /** How often each mutant was reached: by a test, or by none. */
  mutantCoverage?: { perTest: Record<string, Reached>; static: Reached }
}
type Reached = Record<string, number>

declare module 'vitest' {
  interface ProvidedContext {
    readonly globalNamespace: string
    readonly mode: 'dry-run' | 'mutant'
    readonly activeMutant: string
  }
}

const HOOKS = 'hooks'
const shared: Shared = Reflect.get(globalThis, inject('globalNamespace'))

// Stryker does so in a hook, which is too late for what a module does when it is loaded.
if (inject('mode') === 'mutant') shared.activeMutant = inject('activeMutant')
else creditHooks()

/**
 * Stryker takes what is reached outside tests for what every test depends on, and would run all of them. But what a hook
 * starts, and what that does later, concerns the tests of its file alone; only what a module does when it is loaded concerns all.
 */
function creditHooks(): void {
  const { mutantCoverage: left } = shared
  if (left !== undefined) Object.assign(left, { perTest: {}, static: {} })
  const ids = new Set<string>()
  let current: string | undefined
  let loaded = false
  Object.defineProperty(shared, 'currentTestId', {
    configurable: true,
    get: () => current ?? (loaded ? HOOKS : undefined),
    set(id: string | undefined) {
      current = id
      if (id !== undefined) ids.add(id)
    },
  })
  beforeAll(() => {
    loaded = true
  })
  afterAll(() => {
    const perTest = shared.mutantCoverage?.perTest ?? {}
    for (const [mutant, times] of Object.entries(perTest[HOOKS] ?? {}))
      for (const id of ids) {
        const reached = perTest[id] ?? {}
        reached[mutant] = (reached[mutant] ?? 0) + times
        perTest[id] = reached
      }
    delete perTest[HOOKS]
  })
}
