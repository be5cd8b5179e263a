// One process whose application gives a function that fails, in each way after the other. It makes many requests, and
// ends well if nothing ends it. To standard output goes a line for each failure, with what became of the requests; to
// standard error a line with its name, below what was told of it.
//
//   node test/faults/callback-node.mjs <function>

import { createSallyport, memoryStore } from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'

const [which] = process.argv.slice(2)
/** @type {Record<string, () => unknown>} */
const failures = {
  throws: () => {
    throw new TypeError('words of a user')
  },
  rejects: () => Promise.reject(new TypeError('words of a user')),
  'rejects later': async () => {
    await new Promise((resolve) => setTimeout(resolve, 5))
    throw new TypeError('words of a user')
  },
  'throws no error': () => {
    throw 'words of a user'
  },
  'gives a thenable that fails': () => ({
    // biome-ignore lint/suspicious/noThenProperty: a promise of another library
    then: (/** @type {unknown} */ _resolve, /** @type {(cause: unknown) => void} */ reject) =>
      reject(new TypeError('words of a user')),
  }),
}
/** @param {string} [token] */
const view = (token) => ({
  method: 'GET',
  target: '/',
  headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  rawHeaders: [],
  ip: '192.0.2.7',
  peer: { address: '192.0.2.7', certificate: undefined },
  host: 'localhost',
  secure: true,
  body: /** @type {const} */ ({ kind: 'parsed', value: undefined }),
  params: {},
})

/**
 * @param {() => unknown} fail
 * @returns {Promise<readonly unknown[]>} the statuses of the answers
 */
async function play(fail) {
  /** @param {string} name */
  const failing = (name) => (which === name ? fail : undefined)

  /** @type {any} */
  const rule = {
    ...{ name: 'mine', events: ['session.started'], windowSeconds: 60, most: 1, quietSeconds: 0 },
    observe: failing('own observe') ?? (() => ({})),
    judge: failing('own judge') ?? (() => ({ summary: 'somebody signed in' })),
  }
  const anomalies = {
    own: [rule],
    onAlert: failing('anomalies.onAlert'),
    rules: { impossible_travel: { locate: /** @type {any} */ (failing('locate') ?? (() => undefined)) } },
  }

  const sallyport = await createSallyport({
    anomalies,
    secret: 'a secret of the test, with its 32 bytes',
    store: memoryStore(),
    refusals: /** @type {any} */ (failing('refusals') ?? 'answer'),
    limits: { signatures: /** @type {any} */ (failing('limits.signatures')) },
    ...(which === 'claims.of' ? { claims: { of: /** @type {any} */ (fail) } } : {}),
  })
  if (which === 'on event') sallyport.on('event', fail)
  if (which === 'on revoked') sallyport.on('revoked', fail)
  const gate = gateOf(sallyport)

  const statuses = new Set()
  /** @param {() => unknown} step */
  async function step(step) {
    try {
      const outcome = /** @type {any} */ (await step())
      statuses.add(outcome?.status ?? outcome?.answer?.status ?? 200)
    } catch (cause) {
      statuses.add(cause instanceof Error ? cause.name : 'something')
    }
  }

  const verify = gate.verifier()
  const guarded = which === 'guard' ? gate.check(/** @type {any} */ (fail)) : undefined
  for (let round = 0; round < 50; round++) {
    await step(() => verify(view('x.y.z')))
    let token = ''
    await step(async () => {
      const answer = await gate.signIn(view(), { subject: `user-${round}` })
      token = JSON.parse(String(answer.body ?? '{}')).access_token
      return { status: 401 }
    })
    if (token === '') continue
    const decision = await verify(view(token))
    if (decision.kind !== 'allow') continue
    if (which === 'endOnRevocation') sallyport.endOnRevocation(decision.auth, /** @type {any} */ (fail))
    if (guarded !== undefined) await step(() => guarded(decision.auth, view()))
    await sallyport.sessions.revokeAll(`user-${round}`)
  }
  await new Promise((resolve) => setTimeout(resolve, 50))
  await sallyport.close()
  return [...statuses]
}

for (const [failure, fail] of Object.entries(failures)) {
  console.log(JSON.stringify(await play(fail)))
  console.error(failure)
}
