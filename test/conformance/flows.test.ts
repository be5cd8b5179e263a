import { describe } from 'vitest'
import { activityFlows } from './activity-flows.ts'
import { connectionFlows } from './connection-flows.ts'
import { deviceFlows } from './device-flows.ts'
import { lockoutFlows, shortLockoutFlows } from './lockout-flows.ts'
import { logoutFlows } from './logout-flows.ts'
import { oauthFlows } from './oauth-flows.ts'
import { passwordFlows } from './password-flows.ts'
import { onceOnly, refreshFlows } from './refresh-flows.ts'
import { replacementFlows } from './replacement-flows.ts'
import { conformance } from './runner.ts'
import { sessionListFlows } from './session-list-flows.ts'
import { signInFlows } from './sign-in-flows.ts'
import { stepUpFlows } from './step-up-flows.ts'

describe('as started by default', () =>
  conformance([
    ...signInFlows,
    ...replacementFlows,
    ...sessionListFlows,
    ...refreshFlows,
    ...logoutFlows,
    ...passwordFlows,
    ...stepUpFlows,
    ...deviceFlows,
    ...connectionFlows,
    ...lockoutFlows,
    ...activityFlows,
    ...oauthFlows,
  ]))

describe('with a short lockout', () =>
  conformance(shortLockoutFlows, { LOCKOUT_ATTEMPTS: '3', LOCKOUT_WINDOW: '5', LOCKOUT_DURATION: '2' }))

describe('without grace', () => conformance(onceOnly, { REUSE_GRACE: '0' }))
