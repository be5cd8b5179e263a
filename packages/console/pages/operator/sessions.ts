import type { Tools } from '../shared/app.ts'
import { deviceName } from '../shared/device.ts'
import { confirmed } from '../shared/dialog.ts'
import { button, heading, make } from '../shared/dom.ts'
import { field } from '../shared/field.ts'
import { deviceIcon } from '../shared/icons.ts'
import { loaded } from '../shared/load.ts'
import { ask, Refusal } from '../shared/request.ts'
import type { OpenView, View } from '../shared/views.ts'
import type { Words } from '../words/operator.ts'
import type { SessionOfServer, SessionsOfServer } from './api.ts'

/** Sessions that are in use, or all of one user. */
export function sessionsView(tools: Tools<Words>): View {
  const { client, config, message, words, format, run } = tools
  const api = `${config.operatorPath}/api`

  async function endSession({ sid, sub, device }: SessionOfServer): Promise<string | undefined> {
    const text = words.endSessionText(sub, deviceName(device, words))
    const question = { title: words.endSessionTitle, text, yes: words.endSession, no: words.cancel }
    if (!(await confirmed(question))) return undefined
    try {
      await ask(client, 'DELETE', `${api}/sessions/${encodeURIComponent(sid)}`)
      return words.sessionEnded
    } catch (fault) {
      if (fault instanceof Refusal && fault.status === 404) return words.sessionGone
      throw fault
    }
  }

  async function revokeUser(sub: string): Promise<string | undefined> {
    const text = words.revokeUserText(sub)
    const question = { title: words.revokeUserTitle, text, yes: words.revokeUser, no: words.cancel }
    if (!(await confirmed(question))) return undefined
    const path = `${api}/users/${encodeURIComponent(sub)}/revoke`
    const { ended } = await ask<{ ended: number }>(client, 'POST', path)
    return words.userRevoked(sub, format.count(ended))
  }

  function open(subject: string): OpenView {
    const isOfUser = subject !== ''
    const title = heading('h2', isOfUser ? words.sessionsOf(subject) : words.sessionsTitle, 'sessions-title')

    function act(work: () => Promise<string | undefined>): void {
      void run(async () => {
        const done = await work()
        if (done === undefined) return
        title.focus()
        await content.load()
        message.say('good', done)
      })
    }

    function row(session: SessionOfServer): HTMLElement {
      const { sub, device, ip, started_at: started, last_seen_at: seen } = session
      const name = deviceName(device, words)
      const look = { kind: 'danger', label: words.endSessionOf(sub, name) } as const
      return make(
        'li',
        { class: 'row' },
        deviceIcon(device),
        make(
          'div',
          { class: 'row-text' },
          make('p', { class: 'row-title' }, make('span', {}, name)),
          make(
            'p',
            { class: 'facts' },
            isOfUser ? undefined : make('a', { href: `#sessions/${encodeURIComponent(sub)}` }, sub),
            ip === null ? undefined : make('span', {}, ip),
            seen === null ? undefined : make('span', {}, words.lastSeen, format.agoElement(seen)),
            started === null ? undefined : make('span', {}, words.startedAt, format.momentElement(started)),
          ),
        ),
        button(words.endSession, () => act(() => endSession(session)), look),
      )
    }

    const content = loaded(tools, async () => {
      const path = isOfUser ? `${api}/users/${encodeURIComponent(subject)}/sessions` : `${api}/sessions`
      const { sessions, more } = await ask<SessionsOfServer>(client, 'GET', path)
      const none = isOfUser ? words.noSessionsOf : words.noSessions
      if (sessions.length === 0) return [make('p', { class: 'quiet' }, none)]
      return [
        make('ul', { class: 'rows', 'aria-labelledby': 'sessions-title' }, ...sessions.map(row)),
        more === true ? make('p', { class: 'quiet' }, words.moreSessions) : undefined,
      ]
    })
    void content.load()

    const label = words.revokeUserNamed(subject)
    const revoke = button(words.revokeUser, () => act(() => revokeUser(subject)), { kind: 'danger', label })
    return {
      element: make(
        'section',
        { class: 'card', 'aria-labelledby': 'sessions-title' },
        title,
        isOfUser ? undefined : make('p', { class: 'intro' }, words.sessionsIntro),
        finder(words, subject),
        content.element,
        isOfUser
          ? make('div', { class: 'actions' }, revoke, make('a', { href: '#sessions' }, words.showRecent))
          : undefined,
      ),
      reload: () => void content.load(),
    }
  }

  return { name: 'sessions', title: words.sessions, open }
}

/** Leads to the sessions of a user. */
function finder(words: Words, subject: string): HTMLFormElement {
  const id = field(words.userId, {
    ...{ name: 'user', value: subject, autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false' },
  })
  const form = make(
    'form',
    { class: 'inline', role: 'search' },
    id.element,
    button(words.find, undefined, { type: 'submit' }),
  )
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    location.hash = `sessions/${encodeURIComponent(id.input.value.trim())}`
  })
  return form
}
