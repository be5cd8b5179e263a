import { describe } from 'vitest'
import { connectionFlows } from './connection-flows.ts'
import { deviceFlows } from './device-flows.ts'
import { logoutFlows } from './logout-flows.ts'
import { passwordFlows } from './password-flows.ts'
import { onceOnly, refreshFlows, withoutGrace } from './refresh-flows.ts'
import { conformance } from './runner.ts'
import { sessionListFlows } from './session-list-flows.ts'
import { signInFlows } from './sign-in-flows.ts'

describe('as started by default', () =>
  conformance([
    ...signInFlows,
    ...sessionListFlows,
    ...refreshFlows,
    ...logoutFlows,
    ...passwordFlows,
    ...deviceFlows,
    ...connectionFlows,
  ]))

describe('without grace', () => conformance(withoutGrace, { REUSE_GRACE: '0' }))

describe('a refresh token works exactly once', () =>
  conformance(onceOnly, { REUSE_GRACE: '0', LOST_RESPONSE: 'refuse' }))
