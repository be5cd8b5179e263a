// One of the processes of the deployment. Its clock shows what the request says that it is working on.

import { type AnomalyRule, createSallyport } from '@sallyport/core'
import { type Answer, gateOf } from '@sallyport/core/adapter'
import { redisStore } from '@sallyport/redis'
import { AUDIENCE, ISSUER } from '../setup.ts'
import { pairIn, refreshRouteOf, tokenHeadersOf, tokensIn, viewFrom } from '../simulation/requests.ts'
import { PAST } from './calendar.ts'
import { locate } from './geography.ts'
import type { Ask, Client, Deployment, Given, Message, Request } from './messages.ts'

const ANSWERED = ['session.ended', 'account.locked', 'login.failed']
const JUDGED = 'judged'

let now = PAST
const clock = { now: () => now, monotonic: () => now - PAST }

/** Is found as soon as all events of a request have been judged, so that time does not run ahead of the rules. */
const judged: AnomalyRule<'password.changed'> = {
  ...{ name: JUDGED, events: ['password.changed'], windowSeconds: 1, most: 1, alert: false },
  observe: () => ({}),
  judge: () => ({ summary: 'all events of a request have been judged' }),
}

process.once('message', (deployment: Deployment) => void start(deployment))

async function start({ redisUrl, privateJwk }: Deployment): Promise<void> {
  const sallyport = await createSallyport({
    issuer: ISSUER,
    audience: AUDIENCE,
    secret: 'Zr0jWm3cQf8nTq1XvK5yLb9sHd2gAe7uPi4oRx6tNwE',
    store: redisStore({ url: redisUrl, time: 'caller' }),
    clock,
    production: false,
    access: { keys: [privateJwk], algorithm: 'EdDSA' },
    lockout: {},
    anomalies: {
      rules: {
        impossible_travel: { locate, revoke: true },
        token_networks: { revoke: true },
        contested_refresh: { risk: 50 },
      },
      own: [judged],
      onAlert: ({ rule, severity, event }) =>
        tell({ kind: 'alert', request: event.request_id, rule, severity }),
    },
  })
  const gate = gateOf(sallyport)
  const verify = gate.verifier()
  const refresh = refreshRouteOf(gate)
  const waiting = new Map<string, () => void>()

  sallyport.on('event', (event) => {
    const { request_id: request, reason = '' } = event
    if (event.event === 'alert.raised' && reason === JUDGED) waiting.get(request)?.()
    else if (ANSWERED.includes(event.event)) tell({ kind: 'event', request, event: event.event, reason })
  })

  function allJudged(request_id: string): Promise<void> {
    const over = new Promise<void>((resolve) => waiting.set(request_id, resolve))
    sallyport.emit({ event: 'password.changed', outcome: 'success', request_id })
    return over.then(() => void waiting.delete(request_id))
  }

  async function answerTo(id: string, { ip, userAgent }: Client, ask: Ask): Promise<Given> {
    const view = (method: 'GET' | 'POST', headers: Readonly<Record<string, string>>) =>
      viewFrom({ ip, userAgent, headers: { 'x-request-id': id, ...headers } }, method)
    switch (ask.kind) {
      case 'sign-in': {
        const { name, passes, marks, key } = ask
        const request = view('POST', tokenHeadersOf({ cookie: marks, key }))
        const guarded = await gate.lockout.guard(request, name, () => passes)
        if (guarded.kind === 'failed') return guarded
        if (guarded.kind === 'refused') return { kind: 'refused', status: 429 }
        const tokens = given(await gate.signIn(request, { subject: name }))
        return tokens.kind === 'tokens' ? { ...tokens, marks: pairIn(guarded.cookies[0]) } : tokens
      }
      case 'refresh':
        return given(await refresh.handle(view('POST', tokenHeadersOf(ask))))
      case 'call': {
        const request = view('GET', { authorization: `Bearer ${ask.accessToken}` })
        const decision = await verify(request)
        if (decision.kind === 'refuse') return { kind: 'refused', status: decision.answer.status }
        return { kind: 'passed' }
      }
    }
  }

  process.on('message', async ({ id, at, client, ask }: Request) => {
    now = Math.max(now, at)
    const answer = await answerTo(id, client, ask)
    await allJudged(id)
    tell({ kind: 'answer', id, given: answer })
  })
  process.once('disconnect', () => void sallyport.close())
  tell({ kind: 'ready' })
}

function given(answer: Answer): Given {
  return answer.status === 200
    ? { kind: 'tokens', ...tokensIn(answer) }
    : { kind: 'refused', status: answer.status }
}

function tell(message: Message): void {
  process.send?.(message)
}
