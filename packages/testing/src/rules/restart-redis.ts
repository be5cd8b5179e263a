import { schema } from '@sallyport/core/sink'
import { running, type TestedApp } from '../app/app.ts'
import type { TestRedis } from '../redis/redis.ts'
import { judgeAll, type Verdict } from './broken-rule.ts'
import { restartRules } from './restart-rules.ts'
import { createStage, parseStage, type StageOptions } from './stage.ts'

/** What `restartRedis` takes. */
export interface RestartRedisOptions extends StageOptions {
  /** The server that the application uses. It is restarted several times, and empty in the end. */
  readonly redis: Pick<TestRedis, 'restart'>
  /** How long the application may take until it serves requests again, in seconds. Default 10; 1 to 60. */
  readonly backWithinSeconds?: number | undefined
}

const { callable, group, optional, parse, wholeNumber } = schema
const optionsSchema = group({
  redis: callable<Pick<TestRedis, 'restart'>>('a server that testRedis() started', 'restart'),
  backWithinSeconds: optional(wholeNumber(1, 60), 10),
})

/**
 * Restarts Redis under an application, with what it had and empty, and judges what holds meanwhile and afterwards: that
 * an outage is answered 503, that nobody is signed out or let in again by it, and that the application comes back by itself.
 *
 * Rejects with a `BrokenRuleError` that names each rule that does not hold, and with a `ConfigError` for a wrong option.
 * Takes some seconds, since the clock of Redis cannot be turned.
 *
 * @example
 * ```ts
 * import { createSallyport, getAuth } from '@sallyport/express'
 * import { redisStore } from '@sallyport/redis'
 * import { restartRedis, testRedis, testSallyport } from '@sallyport/testing'
 * import express from 'express'
 *
 * const redis = await testRedis()
 * const store = redisStore({ url: redis.url, time: 'caller' })
 * const { sallyport, signIn, close } = await testSallyport(createSallyport, {}, { store })
 * const app = express()
 * app.use('/auth', sallyport.refreshRouter(), sallyport.logoutRouter())
 * app.get('/api/me', sallyport.authMiddleware(), (req, res) => void res.json({ sub: getAuth(req).subject }))
 *
 * await restartRedis(app, { redis, signIn, protectedPath: '/api/me' })
 * await close()
 * await redis.stop()
 * ```
 */
export async function restartRedis(app: TestedApp, options: RestartRedisOptions): Promise<Verdict> {
  const { redis: server, backWithinSeconds: seconds, ...stage } = options
  const own = { redis: server, backWithinSeconds: seconds }
  const { redis, backWithinSeconds } = parse(optionsSchema, own, { path: 'restartRedis' })
  const settings = parseStage(stage, 'restartRedis')
  const { url, close } = await running(app)
  try {
    const outage = { ...createStage(url, settings), redis, backWithinMs: backWithinSeconds * 1000 }
    return { rules: await judgeAll('restartRedis', restartRules, outage) }
  } finally {
    await close()
  }
}
