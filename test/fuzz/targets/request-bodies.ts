import { messageIn } from '../parts/message.ts'
import { startSites } from '../parts/site.ts'
import type { Target } from '../target.ts'

const BASIC = 'authorization: Basic Z2F0ZXdheTpnYXRld2F5LXNlY3JldA=='
const BEARER = 'authorization: Bearer {token}'
const JSON_TYPE = 'content-type: application/json'
const FORM = 'content-type: application/x-www-form-urlencoded'

const message = (line: string, fields: readonly string[], body: string): string =>
  `${[line, 'origin: https://auth.example.test', ...fields].join('\n')}\n\n${body}`

/** Bodies of requests to every route that reads one, on all three frameworks. */
export const requestBodies: Target = {
  name: 'request-bodies',
  words: [
    'grant_type=',
    'refresh_token',
    'token=',
    '&',
    '=',
    '%00',
    '%zz',
    '+',
    '"username"',
    '{token}',
    '{refresh}',
  ],
  maxBytes: 20_000,
  async open() {
    const sites = await startSites()
    return {
      seeds: [
        message('POST /auth/login', [JSON_TYPE], '{"username":"alice","password":"wrong"}'),
        message('POST /auth/password', [JSON_TYPE, BEARER], '{"current":"wrong","next":"another password"}'),
        message('POST /auth/step-up', [JSON_TYPE, BEARER], '{"password":"wrong"}'),
        message('PUT /api/profile', [JSON_TYPE, BEARER], '{"name":"Alice","__proto__":{"admin":true}}'),
        message('POST /api/transfer', [JSON_TYPE, BEARER], '{"to":"bob","amount":1e308}'),
        message(
          'POST /auth/token',
          [FORM],
          'grant_type=refresh_token&refresh_token={refresh}&client_id=native',
        ),
        message('POST /auth/introspect', [FORM, BASIC], 'token={token}&token_type_hint=access_token'),
        message('POST /auth/revoke', [FORM, BASIC], 'token=x.y.z&token_type_hint=refresh_token'),
        message('POST /auth/revoke', [FORM], 'token={refresh}&client_id=web'),
        message('POST /auth/refresh', ['cookie: {cookie}', JSON_TYPE], '{}'),
        message('POST /auth/backchannel-logout', [FORM], 'logout_token=e30.e30.e30'),
        message('POST /auth/signals', ['content-type: application/secevent+jwt'], 'e30.e30.e30'),
        message('POST /auth/signals', ['content-type: application/secevent+jwt; charset=utf-8'], '\xff\xfe'),
        message('DELETE /auth/sessions/abc', [BEARER], ''),
        message('POST /operator/sessions', [JSON_TYPE, BEARER], '{"subject":"alice","session":"x"}'),
        message('POST /auth/login', ['content-type: application/json; charset="utf-8"'], '['.repeat(500)),
        message('POST /auth/login', [JSON_TYPE, 'content-encoding: gzip'], '{"a":1}'),
      ],
      async run(input) {
        for (const site of sites) {
          const sent = messageIn(input, site.values)
          if (sent !== undefined) await site.send(sent)
        }
      },
      async close() {
        for (const site of sites) await site.close()
      },
    }
  },
}
