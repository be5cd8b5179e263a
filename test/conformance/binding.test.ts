import { describe } from 'vitest'
import { balancedFlows, offFlows, strictFlows } from './binding-flows.ts'
import { conformance } from './runner.ts'

/** The proxy before the hosts tells the client's address. */
const TRUST_PROXY = '1'

describe('balanced, as by default', () => conformance(balancedFlows, { TRUST_PROXY }))

describe('strict', () => conformance(strictFlows, { TRUST_PROXY, BINDING: 'strict' }))

describe('off', () => conformance(offFlows, { TRUST_PROXY, BINDING: 'off' }))
