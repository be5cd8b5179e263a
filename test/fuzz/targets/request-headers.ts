import { messageIn } from '../parts/message.ts'
import { startSites } from '../parts/site.ts'
import type { Target } from '../target.ts'

const FIELDS = [
  'authorization: Bearer {token}',
  'authorization: DPoP {token}',
  'authorization: Basic Z2F0ZXdheTpnYXRld2F5LXNlY3JldA==',
  'cookie: {cookie}; other=1',
  'dpop: e30.e30.e30',
  'x-forwarded-for: 203.0.113.7, 2001:db8::1%eth0',
  'forwarded: for="[2001:db8::1]:80";proto=https;host=a.example',
  'x-forwarded-proto: https',
  'x-forwarded-host: a.example:443',
  'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  'origin: https://app.example',
  'referer: https://app.example/page',
  'sec-fetch-site: same-origin',
  'sec-fetch-mode: cors',
  'sec-fetch-dest: empty',
  'accept: application/json;q=0.5, text/html, */*;q=0.1',
  'accept-language: de-DE, en;q=0.5',
  'accept-encoding: gzip, br',
  'idempotency-key: "8e03978e-40d5-43dd-bc93-6894a57f9324"',
  'x-request-id: abc',
  'device-signals: screen="1920x1080", timezone="Europe/Berlin", languages="de"',
  'sec-ch-ua: "Chromium";v="140", "Not=A?Brand";v="24"',
  'sec-ch-ua-platform: "Linux"',
  'user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'secure-session-response: "e30.e30.e30"',
  'access-control-request-method: POST',
  'access-control-request-headers: authorization, dpop',
  'if-none-match: "abc", W/"d"',
]
const LINES = [
  'GET /api/me',
  'POST /auth/refresh',
  'GET /auth/sessions',
  'OPTIONS /auth/refresh',
  'POST /auth/logout',
]

/** Header fields of requests, on all three frameworks. */
export const requestHeaders: Target = {
  name: 'request-headers',
  words: [
    ...FIELDS.map((field) => `\n${field}`),
    '{token}',
    '{cookie}',
    '{refresh}',
    'null',
    ';q=',
    '%',
    '"',
    '\\',
  ],
  maxBytes: 6000,
  async open() {
    const sites = await startSites()
    return {
      seeds: [
        ...LINES.map((line, at) =>
          [line, ...FIELDS.filter((_, other) => other % LINES.length === at)].join('\n'),
        ),
        ...FIELDS.map((field) => `GET /api/me\n${field}`),
        ...FIELDS.map(
          (field) => `POST /auth/refresh\ncookie: {cookie}\norigin: https://auth.example.test\n${field}`,
        ),
      ],
      async run(input) {
        for (const site of sites) {
          const message = messageIn(input, site.values)
          if (message !== undefined) await site.send(message)
        }
      },
      async close() {
        for (const site of sites) await site.close()
      },
    }
  },
}
