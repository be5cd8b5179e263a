import type { Tools } from '../shared/app.ts'
import { deviceName } from '../shared/device.ts'
import { confirmed } from '../shared/dialog.ts'
import { button, heading, make } from '../shared/dom.ts'
import { deviceIcon } from '../shared/icons.ts'
import { loaded } from '../shared/load.ts'
import { ask, Refusal } from '../shared/request.ts'
import type { View } from '../shared/views.ts'
import type { Words } from '../words/account.ts'
import type { UserSession, UserSessions } from './sessions.ts'

/** As often as the list is asked for until no other device is left: it has at most a hundred each time. */
const MOST_ROUNDS = 50

/** Where the user is signed in. */
export function devicesView(tools: Tools<Words>, list: () => Promise<UserSessions>): View {
  const { client, config, message, words, format, run, signOut } = tools

  async function end({ id }: UserSession): Promise<void> {
    try {
      await ask(client, 'DELETE', `${config.authPath}/sessions/${encodeURIComponent(id)}`)
    } catch (fault) {
      // It ended meanwhile, which was to be done.
      if (!(fault instanceof Refusal && fault.status === 404)) throw fault
    }
  }

  async function endOthers(): Promise<void> {
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const others = (await list()).sessions.filter(({ current }) => !current)
      if (others.length === 0) return
      for (const one of others) await end(one)
    }
  }

  async function endAll(): Promise<void> {
    const question = { title: words.endAllTitle, text: words.endAllText, yes: words.endAll, no: words.cancel }
    if (await confirmed(question)) await signOut({ everywhere: true, done: words.allEnded })
  }

  function row(session: UserSession, ended: (name: string) => Promise<void>): HTMLElement {
    const name = deviceName(session.device, words)
    const label = words.endDevice(name, format.moment(session.created_at))
    const endIt = (): Promise<void> =>
      run(async () => {
        await end(session)
        await ended(name)
      })
    return make(
      'li',
      { class: 'row' },
      deviceIcon(session.device),
      make(
        'div',
        { class: 'row-text' },
        make(
          'p',
          { class: 'row-title' },
          make('span', {}, name),
          session.current ? make('span', { class: 'badge good' }, words.thisDevice) : undefined,
        ),
        make(
          'p',
          { class: 'facts' },
          make('span', {}, words.lastSeen, format.agoElement(session.last_seen_at)),
          make('span', {}, session.ip ?? words.unknownAddress),
          make('span', {}, words.signedInAt, format.momentElement(session.created_at)),
        ),
      ),
      session.current ? undefined : button(words.signOut, () => void endIt(), { label }),
    )
  }

  return {
    name: 'devices',
    title: words.devices,
    open() {
      const title = heading('h2', words.devicesTitle, 'devices-title')
      const done = async (text: string): Promise<void> => {
        title.focus()
        await content.load()
        message.say('good', text)
      }
      const content = loaded(tools, async () => {
        const { sessions, more } = await list()
        const others = sessions.filter(({ current }) => !current)
        const inOrder = [...sessions.filter(({ current }) => current), ...others]
        const rows = inOrder.map((one) => row(one, (name) => done(words.deviceEnded(name))))
        const endThem = (): Promise<void> =>
          run(async () => {
            await endOthers()
            await done(words.othersEnded)
          })
        return [
          make('ul', { class: 'rows', 'aria-labelledby': 'devices-title' }, ...rows),
          others.length === 0 ? make('p', { class: 'quiet' }, words.noOthers) : undefined,
          more === true ? make('p', { class: 'quiet' }, words.moreDevices) : undefined,
          make(
            'div',
            { class: 'actions' },
            others.length === 0 ? undefined : button(words.endOthers, () => void endThem()),
            button(words.endAll, () => void run(endAll), { kind: 'danger' }),
          ),
        ]
      })
      void content.load()
      return {
        element: make(
          'section',
          { class: 'card', 'aria-labelledby': 'devices-title' },
          title,
          make('p', { class: 'intro' }, words.devicesIntro),
          content.element,
        ),
        reload: () => void content.load(),
      }
    },
  }
}
