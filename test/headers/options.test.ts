import { createSecurityHeaders } from '@sallyport/headers'
import { securityHeaders as onExpress } from '@sallyport/headers/express'
import { securityHeaders as onFastify } from '@sallyport/headers/fastify'
import { securityHeaders as onKoa } from '@sallyport/headers/koa'
import { describe, test } from 'vitest'
import { configFault } from '../support/config-fault.ts'
import { expectRefusal, type WrongOption } from '../support/wrong-option.ts'

const makers = { core: createSecurityHeaders, express: onExpress, koa: onKoa, fastify: onFastify }
const onReport = () => undefined

const wrong: readonly WrongOption[] = [
  {
    name: 'an unknown option',
    options: { cspp: {} },
    option: 'securityHeaders.cspp',
    says: 'unknown option "securityHeaders.cspp" (did you mean "securityHeaders.csp"?)',
  },
  {
    name: 'an unknown list',
    options: { csp: { images: [] } },
    option: 'securityHeaders.csp.images',
    says: 'unknown option "securityHeaders.csp.images" (did you mean "securityHeaders.csp.image"?)',
  },
  {
    name: 'an unknown feature',
    options: { permissions: { camara: [] } },
    option: 'securityHeaders.permissions.camara',
    says: 'unknown option "securityHeaders.permissions.camara" (did you mean "securityHeaders.permissions.camera"?)',
  },
  {
    name: 'a policy that is on',
    options: { csp: true },
    option: 'securityHeaders.csp',
    allowed: '`false`',
    given: 'true',
  },
  {
    name: 'hsts as a number',
    options: { hsts: 1 },
    option: 'securityHeaders.hsts',
    allowed: '`false`',
    given: '1',
  },
  {
    name: 'a word without its quotes',
    options: { csp: { connect: ['self'] } },
    option: 'securityHeaders.csp.connect.0',
    allowed: "'self' (in single quotes)",
    given: '"self"',
  },
  {
    name: 'a second directive',
    options: { csp: { image: ["'self'", 'https://x; script-src *'] } },
    option: 'securityHeaders.csp.image.1',
    allowed: 'a host such as',
    given: '"https://x; script-src *"',
  },
  ...["'unsafe-inline'", "'unsafe-eval'", "'self'", 'https://cdn.example.com', '*'].map((source) => ({
    name: `scripts from ${source}`,
    options: { csp: { script: [source] } },
    option: 'securityHeaders.csp.script.0',
    allowed: 'a hash such as',
    given: JSON.stringify(source),
  })),
  {
    name: 'a policy name in quotes',
    options: { csp: { trustedTypes: ["'none'"] } },
    option: 'securityHeaders.csp.trustedTypes.0',
    allowed: 'the name of a Trusted Types policy',
    given: `"'none'"`,
  },
  {
    name: 'HSTS for ever',
    options: { hsts: { days: 4000 } },
    option: 'securityHeaders.hsts.days',
    allowed: 'a whole number from 1 to 3650',
    given: '4000',
  },
  {
    name: 'an origin over HTTP',
    options: { permissions: { camera: ['http://a.example.com'] } },
    option: 'securityHeaders.permissions.camera.0',
    allowed: '"self", or an origin',
    given: '"http://a.example.com"',
  },
  {
    name: 'an unknown opener policy',
    options: { openerPolicy: 'none' },
    option: 'securityHeaders.openerPolicy',
    allowed: 'one of "same-origin"',
    given: '"none"',
  },
  {
    name: 'the name of a cookie with its value',
    options: { sessionCookies: ['sid=1'] },
    option: 'securityHeaders.sessionCookies.0',
    allowed: 'the name of a cookie',
    given: '"sid=1"',
  },
  {
    name: 'reports without a path',
    options: { reports: { onReport } },
    option: 'securityHeaders.reports.path',
    says: '"securityHeaders.reports.path" is required: give a path such as "/csp-reports"',
  },
  {
    name: 'a path with a line break',
    options: { reports: { path: '/a\r\nb', onReport } },
    option: 'securityHeaders.reports.path',
    allowed: 'a path such as',
    given: '"/a\\r\\nb"',
  },
  {
    name: 'reports for nobody',
    options: { reports: { path: '/r' } },
    option: 'securityHeaders.reports.onReport',
    says: '"securityHeaders.reports.onReport" is required: give a function',
  },
  {
    name: 'no report at all',
    options: { reports: { path: '/r', onReport, perMinute: 0 } },
    option: 'securityHeaders.reports.perMinute',
    allowed: 'a whole number from 1 to 10000',
    given: '0',
  },
  {
    name: 'reports without a policy',
    options: { csp: false, reports: { path: '/r', onReport } },
    option: 'securityHeaders.reports',
    says: '"securityHeaders.reports" is for the policy: leave out "securityHeaders.csp: false"',
  },
]

describe.each(Object.entries(makers))('%s', (_, make) => {
  test.each(wrong)('refuses $name', async (row) => {
    expectRefusal(await configFault(() => make(row.options as object)), row)
  })
})
