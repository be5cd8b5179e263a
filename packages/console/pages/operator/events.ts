import type { Tools } from '../shared/app.ts'
import { deviceName } from '../shared/device.ts'
import { button, heading, make } from '../shared/dom.ts'
import { icon } from '../shared/icons.ts'
import type { Words } from '../words/operator.ts'
import type { EventOfServer } from './api.ts'
import { followStream, type StreamMessage, type StreamState } from './stream.ts'

const MOST = 200

type Filter = 'all' | 'refusals' | 'alerts'
type Kind = 'plain' | 'note' | 'bad'

const BAD: readonly string[] = ['refresh.reused', 'refresh.mismatched', 'account.locked', 'key.compromised']
/** Rules whose alerts are in the course of things. */
const NOTICES: readonly string[] = ['new_device', 'long_silence', 'shared_device']

export interface Events {
  readonly element: HTMLElement
  /** Begins again if the stream was refused: somebody is there who can confirm that it is them. */
  reload(): void
  close(): void
}

/** What the page itself causes by asking for the figures, which none of them counts. */
const UNCOUNTED: readonly string[] = ['token.accepted', 'policy.permitted']

/**
 * Events as they come.
 *
 * @param happened called for each one that a figure may count
 */
export function createEvents(tools: Tools<Words>, happened: () => void): Events {
  const { client, config, words, format } = tools
  /** The newest first. */
  let events: readonly EventOfServer[] = []
  let filter: Filter = 'all'
  let isPaused = false
  let isDrawn = true
  let liveSince = Number.NaN
  let isStopped = false

  const state = make('span', { class: 'badge', role: 'status' })
  /** Says alerts to those who do not see the list. */
  const said = make('p', { class: 'unseen', role: 'status' })
  const list = make('ol', { class: 'rows events', 'aria-labelledby': 'events-title', tabindex: 0 })
  const pause = button(words.pause, () => {
    isPaused = !isPaused
    pause.textContent = isPaused ? words.resume : words.pause
    render()
  })
  const choices = (['all', 'refusals', 'alerts'] as const).map((one) => {
    const choice = button(words.filters[one], () => {
      filter = one
      for (const other of choices) other.setAttribute('aria-pressed', String(other === choice))
      draw()
    })
    choice.setAttribute('aria-pressed', String(one === filter))
    return choice
  })

  function heard({ event, data }: StreamMessage): void {
    if (event !== 'told' && event !== 'alert') return
    const told = JSON.parse(data) as EventOfServer
    events = [told, ...events].slice(0, MOST)
    if (event === 'alert' && Date.parse(told.time) >= liveSince) said.textContent = titleOf(told, words)
    if (!UNCOUNTED.includes(told.event)) happened()
    render()
  }

  /** Once for all that come at a time. */
  function render(): void {
    if (!isDrawn || isPaused) return
    isDrawn = false
    requestAnimationFrame(() => {
      isDrawn = true
      draw()
    })
  }

  function draw(): void {
    const shown = events.filter((one) => isShown(one, filter))
    const empty = events.length === 0 ? words.noEvents : words.noMatches
    list.replaceChildren(
      ...(shown.length === 0 ? [make('li', { class: 'quiet' }, empty)] : shown.map((one) => row(one))),
    )
  }

  function row(told: EventOfServer): HTMLElement {
    const { time, sub, device, ip, reason, kid } = told
    const kind = kindOf(told)
    return make(
      'li',
      { class: `row event ${kind}` },
      icon(kind),
      make('time', { datetime: time, class: 'event-time' }, format.exactClock(time)),
      make('span', { class: 'row-title' }, titleOf(told, words)),
      make(
        'span',
        { class: 'facts' },
        sub == null ? undefined : make('a', { href: `#sessions/${encodeURIComponent(sub)}` }, sub),
        kid == null || !told.event.startsWith('key.') ? undefined : make('code', {}, kid),
        device == null ? undefined : make('span', {}, deviceName(device, words)),
        ip == null ? undefined : make('span', {}, ip),
        reason == null || told.event === 'alert.raised' ? undefined : make('code', {}, reason),
      ),
    )
  }

  function follow(): () => void {
    return followStream({
      ...{ client, url: `${config.operatorPath}/api/events`, heard },
      began(time) {
        liveSince = time
        events = []
        render()
      },
      stateChanged(now: StreamState) {
        isStopped = now === 'stopped'
        state.className = `badge ${now === 'live' ? 'good' : 'note'}`
        state.textContent = words[now]
      },
    })
  }

  let stop = follow()
  draw()

  return {
    element: make(
      'section',
      { class: 'card', 'aria-labelledby': 'events-title' },
      make(
        'div',
        { class: 'card-head' },
        make('div', { class: 'card-title' }, heading('h2', words.eventsTitle, 'events-title'), state),
        make(
          'div',
          { class: 'actions' },
          make('div', { class: 'segments', role: 'group', 'aria-label': words.filter }, ...choices),
          pause,
        ),
      ),
      list,
      said,
    ),
    reload() {
      if (!isStopped) return
      stop()
      stop = follow()
    },
    close: () => stop(),
  }
}

function isShown(told: EventOfServer, filter: Filter): boolean {
  if (filter === 'alerts') return told.event === 'alert.raised'
  return filter === 'all' || told.outcome === 'failure'
}

function kindOf({ event, outcome, reason }: EventOfServer): Kind {
  if (event === 'alert.raised') return NOTICES.includes(reason ?? '') ? 'note' : 'bad'
  if (BAD.includes(event)) return 'bad'
  return outcome === 'failure' ? 'note' : 'plain'
}

function titleOf({ event, reason, action }: EventOfServer, words: Words): string {
  const names: Readonly<Record<string, string>> = words.events
  const rules: Readonly<Record<string, string>> = words.rules
  const actions: Readonly<Record<string, string>> = words.actions
  if (event === 'alert.raised') return words.alertRaised(rules[reason ?? ''] ?? reason ?? '')
  return actions[action ?? ''] ?? names[event] ?? event
}
