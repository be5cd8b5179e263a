import type { PolicyDecision, PolicyEngine } from '@sallyport/core/sink'
import { PolicyEngineError } from '../error.ts'
import { type OpaOptions, parseOpa } from '../options.ts'
import { ask, memberOf, stringOr } from './ask.ts'

const ENGINE = 'OPA'

/**
 * Makes an engine that asks an Open Policy Agent, by its Data API. The input is a `PolicyRequest`.
 *
 * The document is `true` or `false`, or an object whose `allow` is; its `policy` and `reason`, if they are strings, are
 * told in events. What is undefined is denied (`no_policy`). `decision_id` is told, by which OPA's decision log has it.
 *
 * Follows no redirects and reads at most 64 KiB. Throws a `ConfigError` for a wrong option.
 *
 * @see [the Data API](https://www.openpolicyagent.org/docs/rest-api#get-a-document-with-input)
 */
export function opa(options: OpaOptions): PolicyEngine {
  const { url, path, token } = parseOpa(options)
  const remote = { engine: ENGINE, url: `${url.replace(/\/$/, '')}/v1/data/${path}`, token }
  return {
    name: ENGINE,
    async decide(input, signal) {
      return decisionIn(await ask(remote, { input }, signal()), path)
    },
  }
}

function decisionIn(answer: unknown, path: string): PolicyDecision {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) throw noDecision()
  const id = stringOr(memberOf(answer, 'decision_id'))
  const result = memberOf(answer, 'result')
  if (result === undefined) return { kind: 'deny', reason: 'no_policy', id }
  if (typeof result === 'boolean') return { kind: result ? 'permit' : 'deny', policy: path, id }
  if (typeof result !== 'object' || result === null || Array.isArray(result)) throw noDecision()
  const allow = memberOf(result, 'allow')
  if (allow === undefined) return { kind: 'deny', reason: 'no_policy', id }
  if (typeof allow !== 'boolean') throw noDecision()
  const policy = stringOr(memberOf(result, 'policy')) ?? path
  return { kind: allow ? 'permit' : 'deny', policy, id, reason: stringOr(memberOf(result, 'reason')) }
}

const noDecision = (): PolicyEngineError => new PolicyEngineError(ENGINE, 'answered with no decision')
