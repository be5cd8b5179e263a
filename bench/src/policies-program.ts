// Decisions in this process, without any HTTP, in a process of its own: sends PolicyFigures to its parent.

import { type Auth, createSallyport, memoryStore, type PolicyEngine } from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import { cedar, cel } from '@sallyport/policies'
import { quantile } from './stats.ts'
import { BearerView } from './view.ts'

export interface PolicyTask {
  readonly decisions: number
}

/** Microseconds that one decision takes, with everything around it. */
export interface PolicyFigure {
  readonly engine: string
  readonly median: number
  readonly p99: number
}
export type PolicyFigures = readonly PolicyFigure[]

const WARM_UP = 2000

const CEDAR = `
  @id("read")
  permit (principal in Role::"reader", action == Action::"document:read", resource)
  when { principal.claims has level && principal.claims.level >= resource.level };
  @id("edit")
  permit (principal in Role::"editor", action == Action::"document:edit", resource)
  when { resource.owner == principal.id };
  @id("locked")
  forbid (principal, action == Action::"document:edit", resource)
  when { resource.locked };`
const CEL = {
  'document:read': "'reader' in principal.roles && principal.claims.level >= resource.attributes.level",
  'document:edit':
    "'editor' in principal.roles && resource.attributes.owner == principal.id && !resource.attributes.locked",
}

const caller: Auth = {
  ...{ issuer: 'https://auth.example.com', own: true, subject: 'u1', session: 's1', client: 'web' },
  ...{ scopes: ['profile:read'], kid: 'k1', credential: 'access_token' },
  claims: {
    ...{ iss: 'https://auth.example.com', sub: 'u1', aud: 'https://api.example.com', exp: 2_000_000_000 },
    ...{ iat: 1_900_000_000, jti: 'j1', client_id: 'web', sid: 's1', gen: 1, scope: 'profile:read' },
    ...{ roles: ['reader', 'editor'], level: 4, tenant: 'acme' },
  },
}
const resource = { type: 'document', id: '7', attributes: { owner: 'u1', level: 3, locked: false } }

const task = JSON.parse(process.argv[2] ?? '') as PolicyTask
const figures: PolicyFigures = [
  await measure('CEL', await cel(CEL)),
  await measure('Cedar', await cedar({ policies: CEDAR })),
]
process.send?.(figures, () => process.exit())

async function measure(engine: string, made: PolicyEngine): Promise<PolicyFigure> {
  const sallyport = await createSallyport({
    ...{ production: false, secret: 'a secret of the benchmark, 32 bytes', store: memoryStore() },
    policies: { engine: made },
  })
  // As with an audit trail: every decision is an event.
  let told = 0
  sallyport.on('event', ({ event }) => {
    if (event === 'policy.permitted') told++
  })
  const gate = gateOf(sallyport)
  const check = gate.check(gate.guards.requirePolicy('document:edit', resource))
  const taken = new Float64Array(task.decisions)
  for (let index = -WARM_UP; index < task.decisions; index++) {
    const view = new BearerView('')
    const start = performance.now()
    const refusal = check(caller, view)
    if (index >= 0) taken[index] = (performance.now() - start) * 1000
    if (refusal !== undefined) throw new Error(`${engine} did not permit`)
  }
  if (told !== WARM_UP + task.decisions) throw new Error('a decision was not told')
  await sallyport.close()
  return { engine, median: quantile(taken, 0.5), p99: quantile(taken, 0.99) }
}
