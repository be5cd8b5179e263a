import { fromReportingApi, fromReportUri } from '../../../packages/headers/src/reports/read.ts'
import { must } from '../parts/must.ts'
import type { Target } from '../target.ts'

const PAGE = 'https://app.example/page?token=secret#part'

/** Reports of browsers about violations of the policy, which anybody can send. */
export const cspReport: Target = {
  name: 'csp-report',
  words: [
    '"csp-report"',
    '"document-uri"',
    '"blocked-uri"',
    '"type"',
    '"body"',
    'csp-violation',
    'data:',
    'blob:',
  ],
  async open() {
    return {
      seeds: [
        JSON.stringify({
          'csp-report': {
            'document-uri': PAGE,
            'violated-directive': 'script-src-elem https:',
            'blocked-uri': 'inline',
            'source-file': PAGE,
            'line-number': 5,
            'script-sample': 'alert(1)',
            'status-code': 200,
          },
        }),
        JSON.stringify({
          type: 'csp-violation',
          body: {
            documentURL: PAGE,
            effectiveDirective: 'img-src',
            blockedURL: 'data:image/png',
            disposition: 'report',
            sourceFile: 'https://[::1]:8080/a',
            columnNumber: 7,
          },
        }),
      ],
      run(input) {
        let body: unknown
        try {
          body = JSON.parse(input.toString())
        } catch {
          return
        }
        for (const report of [fromReportUri(body), fromReportingApi(body)]) {
          if (report === undefined) continue
          const { documentUrl, blocked, source, sample = '' } = report
          const urls = [documentUrl, blocked, source?.url ?? '']
          must(!urls.some((url) => /[?#]/.test(url)), 'a query is told')
          must(!/[\p{Cc}\p{Zl}\p{Zp}]/u.test([...urls, sample].join('')), 'a control character is told')
        }
      },
    }
  },
}
