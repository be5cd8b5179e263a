import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { attacks } from '../../lab/src/attacks/index.ts'
import { play } from '../../lab/src/play/play.ts'

const guide = fileURLToPath(new URL('../../docs/guide/', import.meta.url))

/** What the servers answer to each step: an attack that fails for another reason than it should shows here. */
const answers: Readonly<Record<string, { readonly naive: string; readonly sallyport: string }>> = {
  'alg-none': { naive: '200 200', sallyport: '200 401' },
  'public-key-as-secret': { naive: '200 200', sallyport: '200 401' },
  'kid-path': { naive: '200 200', sallyport: '200 401' },
  'own-key-in-header': { naive: '200 200', sallyport: '200 401' },
  'eternal-token': { naive: '200 200', sallyport: '200 401' },
  'leaked-key': { naive: '200 200 204 200 200', sallyport: '200 200 204 401 200' },
  'other-audience': { naive: '200 200', sallyport: '200 401' },
  'refresh-as-access': { naive: '200 200', sallyport: '200 401' },
  'endless-session': { naive: '200 200 200 200 200 200', sallyport: '200 200 200 200 200 401' },
  'stolen-refresh-cookie': { naive: '200 200 200 401 200 200', sallyport: '200 200 200 401 401 401' },
  'patient-thief': { naive: '200 200 200 200', sallyport: '200 200 401 401' },
  'other-device': { naive: '200 200', sallyport: '200 401' },
  'token-in-local-storage': { naive: '200 200 200', sallyport: '200 401 401' },
  'stolen-dump': { naive: '200 200 200 200', sallyport: '200 200 401 401' },
  'cross-site-refresh': { naive: '200 200', sallyport: '200 403' },
  'token-in-url': { naive: '200 200 200', sallyport: '200 200 401' },
  // Whoever refreshes with a planted cookie is the one who planted it.
  'session-fixation': { naive: '200 200 200 200', sallyport: '200 200 200 200' },
  'revoked-but-accepted': { naive: '200 200 204 200', sallyport: '200 200 204 401' },
  'refresh-after-logout': { naive: '200 204 200', sallyport: '200 204 401' },
  'password-changed': { naive: '200 204 200 200', sallyport: '200 204 401 401' },
  'rights-withdrawn': { naive: '200 200 204 200 200 200', sallyport: '200 200 204 401 200 403' },
  stuffing: { naive: '401 401 401 401 401 401 200', sallyport: '401 401 401 401 401 429 429' },
}

describe('each attack succeeds on the naive server, and fails on ours:', () => {
  test.each(attacks)('$title', async (attack) => {
    const { name, steps, verdicts } = await play(attack)
    expect(verdicts).toEqual({ naive: 'succeeded', sallyport: 'failed' })
    expect({
      naive: steps.map(({ naive }) => naive.status).join(' '),
      sallyport: steps.map(({ sallyport }) => sallyport.status).join(' '),
    }).toEqual(answers[name])
    expect(JSON.stringify(steps)).not.toMatch(/[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}|spr_[\w-]{10}/)
  })

  test('no two have the same name, and each names a page of the guide', () => {
    expect(attacks.map(({ name }) => name).sort()).toEqual(Object.keys(answers).sort())
    expect(attacks.filter((attack) => !existsSync(guide + attack.guide))).toEqual([])
  })
})
