import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import helmet from 'helmet'
import type { CspSettings, Settings, Sources } from './options.ts'

/** Header fields, with lower-case names, in the order in which they are sent. */
export type Fields = readonly (readonly [name: string, value: string])[]

/** Gives the fields of one answer, with the nonce in them. */
export type FieldsWith = (nonce: string) => Fields

type Transport = 'tls' | 'plain'

/** Stands where the nonce goes. No source can be it, for none may begin with `nonce-`. */
const PLACE = `'nonce-?'`
/** The name by which the policy refers to the endpoint. */
const ENDPOINT = 'csp'

/** helmet writes the fields once, and only the nonce changes from one answer to the next. */
export function fieldsOver(transport: Transport, settings: Settings): FieldsWith {
  const fields = [...byHelmet(transport, settings), ...besides(transport, settings)]
  const at = fields.findIndex(([, value]) => value.includes(PLACE))
  const [name, template] = fields[at] ?? []
  if (name === undefined || template === undefined) return () => fields
  const pieces = template.split(PLACE)
  return (nonce) => fields.with(at, [name, pieces.join(`'nonce-${nonce}'`)])
}

function byHelmet(transport: Transport, settings: Settings): Fields {
  const { csp, hsts, openerPolicy, resourcePolicy, embedderPolicy, referrerPolicy } = settings
  const write = helmet({
    contentSecurityPolicy: csp !== undefined && {
      useDefaults: false,
      reportOnly: csp.reportOnly,
      directives: directivesOver(transport, csp, settings.reports?.path),
    },
    strictTransportSecurity: transport === 'tls' &&
      hsts !== undefined && {
        maxAge: hsts.seconds,
        includeSubDomains: hsts.includeSubDomains,
        preload: hsts.preload,
      },
    crossOriginOpenerPolicy: { policy: openerPolicy },
    crossOriginResourcePolicy: { policy: resourcePolicy },
    crossOriginEmbedderPolicy: embedderPolicy !== undefined && { policy: embedderPolicy },
    referrerPolicy: { policy: referrerPolicy },
    xFrameOptions: frameOptions(csp?.frameAncestors),
  })
  const request = new IncomingMessage(new Socket())
  const response = new ServerResponse(request)
  write(request, response, (fault) => {
    if (fault !== undefined) throw fault
  })
  return response.getHeaderNames().map((name) => [name, String(response.getHeader(name))])
}

function directivesOver(transport: Transport, csp: CspSettings, reportPath: string | undefined) {
  const orNone = (sources: Sources): Sources => (sources.length === 0 ? ["'none'"] : sources)
  // Beside a nonce, browsers ignore 'unsafe-inline'.
  const styles = csp.style.includes("'unsafe-inline'") ? csp.style : [...csp.style, PLACE]
  return {
    'default-src': ["'none'"],
    'script-src': [PLACE, "'strict-dynamic'", ...csp.script],
    'style-src': styles,
    'connect-src': orNone(csp.connect),
    'img-src': orNone(csp.image),
    'font-src': orNone(csp.font),
    'media-src': orNone(csp.media),
    'worker-src': orNone(csp.worker),
    'frame-src': orNone(csp.frame),
    'manifest-src': ["'self'"],
    'object-src': ["'none'"],
    'base-uri': ["'none'"],
    'form-action': orNone(csp.formAction),
    'frame-ancestors': orNone(csp.frameAncestors),
    ...(csp.trustedTypes !== undefined && {
      'require-trusted-types-for': ["'script'"],
      'trusted-types': orNone(csp.trustedTypes),
    }),
    // A policy that only reports has no use for it, and browsers warn of it there.
    ...(transport === 'tls' && !csp.reportOnly && { 'upgrade-insecure-requests': [] }),
    ...(reportPath !== undefined && { 'report-uri': [reportPath] }),
    // Browsers know no such endpoints of pages without TLS, and would not fall back to `report-uri`.
    ...(transport === 'tls' && reportPath !== undefined && { 'report-to': [ENDPOINT] }),
  }
}

/** What older browsers understand of `frame-ancestors`. They know no list of origins. */
function frameOptions(ancestors: Sources = []): { action: 'deny' | 'sameorigin' } | false {
  if (ancestors.length === 0) return { action: 'deny' }
  return ancestors.length === 1 && ancestors[0] === "'self'" ? { action: 'sameorigin' } : false
}

/** What helmet does not know. */
function besides(transport: Transport, { permissionsPolicy, reports }: Settings): Fields {
  const endpoints: Fields =
    transport === 'tls' && reports !== undefined
      ? [['reporting-endpoints', `${ENDPOINT}="${reports.path}"`]]
      : []
  return [['permissions-policy', permissionsPolicy], ...endpoints]
}
