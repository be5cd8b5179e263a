import type { Target } from '../target.ts'
import { accessToken } from './access-token.ts'
import { auditTrail } from './audit-trail.ts'
import { browserProof } from './browser-proof.ts'
import { cspReport } from './csp-report.ts'
import { dpopProof } from './dpop-proof.ts'
import { introspection } from './introspection.ts'
import { jwkSet } from './jwk-set.ts'
import { logoutToken } from './logout-token.ts'
import { opaqueToken } from './opaque-token.ts'
import { options } from './options.ts'
import { postgresRows } from './postgres-rows.ts'
import { redisSession } from './redis-session.ts'
import { redisValues } from './redis-values.ts'
import { requestBodies } from './request-bodies.ts'
import { requestHeaders } from './request-headers.ts'
import { securityEvent } from './security-event.ts'
import { signalStreams } from './signal-streams.ts'

/** All targets. Each has the name of its file. */
export const targets: readonly Target[] = [
  ...[accessToken, opaqueToken, dpopProof, browserProof, securityEvent, logoutToken, jwkSet, introspection],
  ...[redisSession, redisValues, postgresRows, requestHeaders, requestBodies, auditTrail, options],
  ...[signalStreams, cspReport],
]
