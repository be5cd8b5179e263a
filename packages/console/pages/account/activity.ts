import type { Tools } from '../shared/app.ts'
import { deviceName } from '../shared/device.ts'
import { heading, make } from '../shared/dom.ts'
import { icon } from '../shared/icons.ts'
import { loaded } from '../shared/load.ts'
import { ask, Refusal } from '../shared/request.ts'
import type { View } from '../shared/views.ts'
import type { Words } from '../words/account.ts'
import { type Happening, sentenceOf, toneOf } from './happening.ts'

/** What happened to the account. */
export function activityView(tools: Tools<Words>): View {
  const { client, config, words, format } = tools

  function row(happening: Happening): HTMLElement {
    const { time, device, ip } = happening
    const tone = toneOf(happening)
    return make(
      'li',
      { class: 'row' },
      icon(tone),
      make(
        'div',
        { class: 'row-text' },
        make('p', { class: 'row-title' }, sentenceOf(happening, words.happenings)),
        make(
          'p',
          { class: 'facts' },
          make('time', { datetime: time, title: format.moment(time) }, format.clock(time)),
          device === null ? undefined : make('span', {}, deviceName(device, words)),
          ip === null ? undefined : make('span', {}, ip),
        ),
      ),
    )
  }

  async function get(): Promise<readonly Node[]> {
    try {
      const { events } = await ask<{ events: readonly Happening[] }>(
        client,
        'GET',
        `${config.authPath}/activity`,
      )
      if (events.length === 0) return [make('p', { class: 'quiet' }, words.noActivity)]
      const days = [...new Set(events.map(({ time }) => format.day(time)))]
      return days.flatMap((day) => [
        make('h3', {}, day),
        make('ul', { class: 'rows' }, ...events.filter(({ time }) => format.day(time) === day).map(row)),
      ])
    } catch (fault) {
      if (fault instanceof Refusal && fault.status === 404)
        return [make('p', { class: 'quiet' }, words.activityNotKept)]
      throw fault
    }
  }

  return {
    name: 'activity',
    title: words.activity,
    open() {
      const content = loaded(tools, get)
      void content.load()
      return {
        element: make(
          'section',
          { class: 'card', 'aria-labelledby': 'activity-title' },
          heading('h2', words.activityTitle, 'activity-title'),
          make('p', { class: 'intro' }, words.activityIntro),
          content.element,
        ),
        reload: () => void content.load(),
      }
    },
  }
}
