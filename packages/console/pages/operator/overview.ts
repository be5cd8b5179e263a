import { ClientError } from '@sallyport/client'
import type { Tools } from '../shared/app.ts'
import { heading, make } from '../shared/dom.ts'
import { loaded } from '../shared/load.ts'
import { ask, Refusal } from '../shared/request.ts'
import type { View } from '../shared/views.ts'
import type { Words } from '../words/operator.ts'
import type { CountName, Overview } from './api.ts'
import { barsOfHour } from './chart.ts'
import { createEvents } from './events.ts'

const NAMES: readonly CountName[] = ['sign_ins', 'refreshes', 'refusals', 'alerts']
/** Without events, the bars still move. */
const EVERY_MS = 20_000
/** After an event, so that many at once are one request. */
const SOON_MS = 1500

/** What happens now, and what happened in the last hour. */
export function overviewView(tools: Tools<Words>): View {
  const { client, config, words, format } = tools

  function figure(name: string, value: string, chart?: SVGSVGElement): HTMLElement {
    return make(
      'div',
      { class: 'figure' },
      make('p', { class: 'figure-name' }, name),
      make('p', { class: 'figure-value' }, value),
      chart,
    )
  }

  async function figures(): Promise<readonly Node[]> {
    const overview = await ask<Overview>(client, 'GET', `${config.operatorPath}/api/overview`)
    const sum = (name: CountName): number => overview.counts[name].reduce((total, one) => total + one, 0)
    return [
      make(
        'div',
        { class: 'figures' },
        ...NAMES.map((name) =>
          figure(
            words.counts[name],
            format.count(sum(name)),
            barsOfHour(words.counts[name], overview.counts[name], tools),
          ),
        ),
        figure(words.sessionsInUse, format.count(overview.sessions_in_use)),
        figure(words.revocations, format.count(overview.revocations)),
      ),
      make('p', { class: 'quiet' }, words.figuresOf(overview.process, format.moment(overview.since))),
    ]
  }

  return {
    name: 'overview',
    title: words.overview,
    open() {
      let regular: ReturnType<typeof setInterval> | undefined
      const content = loaded(tools, async () => {
        try {
          return await figures()
        } catch (fault) {
          // Nobody may be there to confirm that it is them, and a dialog must not come again and again.
          const isRefused = fault instanceof ClientError || fault instanceof Refusal
          if (isRefused && fault.status === 401) clearInterval(regular)
          throw fault
        }
      })
      let soon: ReturnType<typeof setTimeout> | undefined
      const refresh = (): void => {
        clearTimeout(soon)
        soon = undefined
        void content.load()
      }
      const events = createEvents(tools, () => {
        soon ??= setTimeout(refresh, SOON_MS)
      })
      function poll(): void {
        clearInterval(regular)
        regular = setInterval(() => {
          if (!document.hidden) refresh()
        }, EVERY_MS)
      }
      poll()
      void content.load()
      return {
        element: make(
          'div',
          {},
          make(
            'section',
            { class: 'card', 'aria-labelledby': 'figures-title' },
            heading('h2', words.lastHour, 'figures-title'),
            content.element,
          ),
          events.element,
        ),
        reload() {
          poll()
          events.reload()
          refresh()
        },
        close() {
          clearTimeout(soon)
          clearInterval(regular)
          events.close()
        },
      }
    },
  }
}
