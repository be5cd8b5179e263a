import type { Tools } from '../shared/app.ts'
import { confirmed } from '../shared/dialog.ts'
import { button, heading, make } from '../shared/dom.ts'
import { icon } from '../shared/icons.ts'
import { loaded } from '../shared/load.ts'
import { ask } from '../shared/request.ts'
import type { View } from '../shared/views.ts'
import type { Words } from '../words/operator.ts'
import type { KeyOfServer, Overview } from './api.ts'

const TONES: Readonly<Record<string, string>> = { active: 'good', pending: 'note', compromised: 'bad' }

/** The keys that sign access tokens. */
export function keysView(tools: Tools<Words>): View {
  const { client, config, message, words, format, run } = tools
  const api = `${config.operatorPath}/api`

  async function rotate(): Promise<string | undefined> {
    const { rotateTitle: title, rotateText: text, rotate: yes, cancel: no } = words
    if (!(await confirmed({ title, text, yes, no }))) return undefined
    await ask(client, 'POST', `${api}/keys/rotate`)
    return words.rotated
  }

  async function compromise({ kid }: KeyOfServer): Promise<string | undefined> {
    const question = { title: words.compromiseTitle, text: words.compromiseText(kid) }
    if (!(await confirmed({ ...question, yes: words.compromise, no: words.cancel }))) return undefined
    await ask(client, 'POST', `${api}/keys/${encodeURIComponent(kid)}/compromise`)
    return words.compromised
  }

  function row(key: KeyOfServer, press: () => void): HTMLElement {
    const { kid, alg, state, created_at: created, age_seconds: age, next } = key
    const states: Readonly<Record<string, string>> = words.keyStates
    const isPending = state === 'pending'
    const isUsed = isPending || state === 'active' || state === 'retiring'
    return make(
      'li',
      { class: 'row' },
      icon('key'),
      make(
        'div',
        { class: 'row-text' },
        make(
          'p',
          { class: 'row-title' },
          make('code', {}, kid),
          make('span', { class: `badge ${TONES[state] ?? ''}` }, states[state] ?? state),
        ),
        make(
          'p',
          { class: 'facts' },
          make('span', {}, alg),
          isPending || age === null ? undefined : make('span', {}, words.keyAge(format.span(age))),
          created === null
            ? undefined
            : make('span', {}, (isPending ? words.keyFrom : words.keySince)(format.moment(created))),
          next === undefined ? undefined : make('span', {}, words.keyNext(format.moment(next))),
        ),
      ),
      isUsed
        ? button(words.compromise, press, { kind: 'danger', label: words.compromiseKey(kid) })
        : undefined,
    )
  }

  return {
    name: 'keys',
    title: words.keys,
    open() {
      const title = heading('h2', words.keysTitle, 'keys-title')
      function act(work: () => Promise<string | undefined>): void {
        void run(async () => {
          const done = await work()
          if (done === undefined) return
          title.focus()
          await content.load()
          message.say('good', done)
        })
      }
      const content = loaded(tools, async () => {
        const { keys } = await ask<Overview>(client, 'GET', `${api}/overview`)
        const rows = keys.map((key) => row(key, () => act(() => compromise(key))))
        return [make('ul', { class: 'rows', 'aria-labelledby': 'keys-title' }, ...rows)]
      })
      void content.load()
      return {
        element: make(
          'section',
          { class: 'card', 'aria-labelledby': 'keys-title' },
          title,
          make('p', { class: 'intro' }, words.keysIntro),
          content.element,
          make(
            'div',
            { class: 'actions' },
            button(words.rotate, () => act(rotate)),
          ),
        ),
        reload: () => void content.load(),
      }
    },
  }
}
