import type { Tools } from '../shared/app.ts'
import { button, heading, make } from '../shared/dom.ts'
import { field, onSubmit, revealBox } from '../shared/field.ts'
import { explain, jsonInit, membersOf, Refusal } from '../shared/request.ts'
import { askForPassword } from '../shared/step-up.ts'
import type { View } from '../shared/views.ts'
import type { Words } from '../words/account.ts'
import type { UserSessions } from './sessions.ts'

/** The password, and the proof that it is the user who is here. `undefined` if the server has neither. */
export function securityView(tools: Tools<Words>, list: () => Promise<UserSessions>): View | undefined {
  const { client, config, message, words, format, run } = tools
  const { password, stepUp } = config
  if (password === false && stepUp === false) return undefined

  function passwordCard(url: string): HTMLElement {
    const current = field(words.currentPassword, {
      ...{ type: 'password', name: 'current', autocomplete: 'current-password' },
    })
    const next = field(words.newPassword, {
      ...{ type: 'password', name: 'next', autocomplete: 'new-password' },
    })
    const form = make(
      'form',
      { method: 'post' },
      current.element,
      next.element,
      revealBox(words.showPassword, current, next),
      button(words.changePassword, undefined, { kind: 'primary', type: 'submit' }),
    )
    const title = heading('h2', words.passwordTitle, 'password-title')

    async function change(): Promise<void> {
      const body = { current: current.input.value, next: next.input.value }
      await membersOf(await client.fetch(url, jsonInit('POST', body)))
      form.reset()
      const { sessions } = await list()
      title.focus()
      message.say('good', sessions.length === 1 ? words.passwordChangedOnly : words.passwordChanged)
    }

    onSubmit(form, async () => {
      message.clear()
      current.clear()
      next.clear()
      try {
        await change()
      } catch (fault) {
        if (client.state === 'signed_out') return
        if (fault instanceof Refusal && fault.code === 'invalid_credentials') current.fail(words.wrongCurrent)
        else if (fault instanceof Refusal && fault.status === 400) next.fail(explain(fault, words, format))
        else message.say('bad', explain(fault, words, format))
      }
    })
    return make(
      'section',
      { class: 'card', 'aria-labelledby': 'password-title' },
      title,
      make('p', { class: 'intro' }, words.passwordIntro),
      form,
    )
  }

  function identityCard(url: string): HTMLElement {
    const confirm = (): Promise<void> =>
      run(async () => {
        if (await askForPassword({ client, url, words, format })) message.say('good', words.confirmed)
      })
    return make(
      'section',
      { class: 'card', 'aria-labelledby': 'identity-title' },
      heading('h2', words.identityTitle, 'identity-title'),
      make('p', { class: 'intro' }, words.identityIntro),
      make(
        'div',
        { class: 'actions' },
        button(words.confirmNow, () => void confirm()),
      ),
    )
  }

  return {
    name: 'security',
    title: words.security,
    open: () => ({
      element: make(
        'div',
        {},
        password === false ? undefined : passwordCard(password),
        stepUp === false ? undefined : identityCard(stepUp),
      ),
    }),
  }
}
