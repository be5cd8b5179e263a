import { schema } from '@sallyport/core/sink'
import { running, type TestedApp } from '../app/app.ts'
import type { TestClock } from '../clock.ts'
import { judgeAll, type Verdict } from './broken-rule.ts'
import { refreshRules } from './refresh-rules.ts'
import { createStage, parseStage, type StageOptions } from './stage.ts'

/** What `refreshStorm` takes. */
export interface RefreshStormOptions extends StageOptions {
  /** How many requests are sent at once. Default 10; 2 to 100. */
  readonly parallel?: number | undefined
  /** The option `refresh.graceSeconds` of the application. Default 10. */
  readonly graceSeconds?: number | undefined
  /** The clock of `testSallyport`, so that the storm need not wait. Default: what takes longer than the grace is left out. */
  readonly clock?: TestClock | undefined
}

const { callable, group, optional, parse, wholeNumber } = schema
const optionsSchema = group({
  parallel: optional(wholeNumber(2, 100), 10),
  graceSeconds: optional(wholeNumber(0, 60), 10),
  clock: optional(callable<TestClock>('a clock that testClock() made', 'advance')),
})

/**
 * Runs the races of a refresh against an application, such as behind its own middleware, proxies and limits: refreshes at
 * once with one cookie, with and without `Idempotency-Key`, lost answers, stolen and forged cookies, a logout while the
 * client refreshes.
 *
 * Rejects with a `BrokenRuleError` that names each rule that does not hold, and with a `ConfigError` for a wrong option.
 *
 * @example
 * ```ts
 * import { createSallyport, getAuth } from '@sallyport/express'
 * import { refreshStorm, testSallyport } from '@sallyport/testing'
 * import express from 'express'
 *
 * const { sallyport, clock, signIn, close } = await testSallyport(createSallyport)
 * const app = express()
 * app.use('/auth', sallyport.refreshRouter(), sallyport.logoutRouter())
 * app.get('/api/me', sallyport.authMiddleware(), (req, res) => void res.json({ sub: getAuth(req).subject }))
 *
 * await refreshStorm(app, { signIn, clock, protectedPath: '/api/me' })
 * await close()
 * ```
 */
export async function refreshStorm(app: TestedApp, options: RefreshStormOptions): Promise<Verdict> {
  const { parallel: most, graceSeconds: grace, clock: turned, ...stage } = options
  const own = { parallel: most, graceSeconds: grace, clock: turned }
  const { parallel, graceSeconds, clock } = parse(optionsSchema, own, { path: 'refreshStorm' })
  const settings = parseStage(stage, 'refreshStorm')
  const { url, close } = await running(app)
  try {
    const storm = {
      ...createStage(url, settings),
      ...{ parallel, hasGrace: graceSeconds > 0 },
      later: () => clock?.advance({ seconds: graceSeconds + 1 }),
    }
    return { rules: await judgeAll('refreshStorm', refreshRules, storm) }
  } finally {
    await close()
  }
}
