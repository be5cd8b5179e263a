import type { Sallyport } from '@sallyport/core'
import { gateOf, type Route } from '@sallyport/core/adapter'
import { apiRoutes } from './operator/api.ts'
import { type ConsoleOptions, parseOptions } from './options.ts'
import { pageRoutes } from './pages.ts'

/** Routes of both pages, for `sallyport.router`. */
export interface Console {
  /** The page on which users sign in, see their devices and sign them out. Mount it at `accountPath`. */
  readonly account: readonly Route[]
  /** The page for operators, and its API. Mount it at `operatorPath`. Empty without the option `operator`. */
  readonly operator: readonly Route[]
}

/**
 * Makes the pages for users and operators. Throws a `ConfigError` for a wrong option.
 *
 * @example
 * ```ts
 * import { createConsole } from '@sallyport/console'
 * import { createSallyport } from '@sallyport/express'
 * import express from 'express'
 *
 * const sallyport = await createSallyport({ activity: {} })
 * const { account, operator } = createConsole(sallyport, { operator: { scope: 'operator' } })
 *
 * const app = express()
 * app.use('/auth', sallyport.router('refresh', 'logout', 'sessions', 'activity', 'live'))
 * app.use('/account', sallyport.router(...account))
 * app.use('/operator', sallyport.router(...operator))
 * ```
 */
export function createConsole(sallyport: Sallyport, options: ConsoleOptions = {}): Console {
  const { operator, operatorPath, ...settings } = parseOptions(options)
  const gate = gateOf(sallyport)
  const config = { ...settings, operatorPath: operator === undefined ? null : operatorPath }
  return {
    account: pageRoutes(gate, 'account', settings.accountPath, config),
    operator:
      operator === undefined
        ? []
        : [...pageRoutes(gate, 'operator', operatorPath, config), ...apiRoutes(sallyport, gate, operator)],
  }
}
