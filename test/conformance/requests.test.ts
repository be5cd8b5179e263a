import { bearerCases } from './bearer-cases.ts'
import { bodyCases } from './body-cases.ts'
import { cookieCases } from './cookie-cases.ts'
import { headerCases } from './header-cases.ts'
import { methodCases } from './method-cases.ts'
import { oauthCases } from './oauth-cases.ts'
import { originCases } from './origin-cases.ts'
import { pageCases } from './page-cases.ts'
import { pathCases } from './path-cases.ts'
import { withoutProxy } from './proxy-cases.ts'
import { conformance, requests } from './runner.ts'
import { tokenEndpointCases } from './token-endpoint-cases.ts'

conformance([
  ...requests([
    ...bearerCases,
    ...bodyCases,
    ...cookieCases,
    ...headerCases,
    ...methodCases,
    ...oauthCases,
    ...originCases,
    ...pageCases,
    ...pathCases,
    ...tokenEndpointCases,
  ]),
  ...withoutProxy,
])
