import { describe } from 'vitest'
import { ALLOWED_ORIGINS, corsCases } from './cors-cases.ts'
import { behindOneHop, behindSubnets, SUBNETS } from './proxy-cases.ts'
import { conformance, requests } from './runner.ts'

describe('further origins are allowed', () => conformance(requests(corsCases), { ALLOWED_ORIGINS }))
// Who is asking is judged without the store, so one host on Redis is enough.
const names = ['express on memory', 'koa on memory', 'fastify on memory', 'express on redis'] as const
describe('one hop is trusted', () => conformance(behindOneHop, { TRUST_PROXY: '1' }, names))
describe('subnets are trusted', () => conformance(behindSubnets, { TRUST_PROXY: SUBNETS }, names))
