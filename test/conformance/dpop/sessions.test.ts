import { describe } from 'vitest'
import { conformance } from '../runner.ts'
import { dpopFlows, nonceFlows, offFlows, requiredFlows } from './session-flows.ts'

describe('accepted', () => conformance(dpopFlows))
describe('required', () => conformance(requiredFlows, { DPOP: 'required' }))
describe('with nonces', () => conformance(nonceFlows, { DPOP_NONCE: 'on' }))
describe('off', () => conformance(offFlows, { DPOP: 'off' }))
