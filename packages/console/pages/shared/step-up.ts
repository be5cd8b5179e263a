import type { Client } from '@sallyport/client'
import type { SharedWords } from '../words/en/shared.ts'
import { answerOf, openDialog } from './dialog.ts'
import { button, make } from './dom.ts'
import { field, onSubmit, revealBox } from './field.ts'
import type { Format } from './format.ts'
import { explain, jsonInit, membersOf, Refusal } from './request.ts'

interface StepUpParts {
  readonly client: Client
  /** The route that checks the password. */
  readonly url: string
  readonly words: SharedWords
  readonly format: Format
}

/** Asks for the user's password until it is right, or the user gives up. Resolves to whether it was right. */
export async function askForPassword({ client, url, words, format }: StepUpParts): Promise<boolean> {
  const dialog = openDialog(words.confirmTitle, words.confirmWhy)
  const password = field(words.password, {
    ...{ type: 'password', name: 'password', autocomplete: 'current-password', autofocus: true },
  })
  const form = make(
    'form',
    { method: 'post' },
    password.element,
    revealBox(words.showPassword, password),
    make(
      'div',
      { class: 'actions end' },
      button(words.cancel, () => dialog.close()),
      button(words.confirm, undefined, { kind: 'primary', type: 'submit' }),
    ),
  )
  dialog.append(form)

  onSubmit(form, async () => {
    password.clear()
    try {
      await send(client, url, password.input.value)
      dialog.close('yes')
    } catch (fault) {
      const isWrong = fault instanceof Refusal && fault.code === 'invalid_credentials'
      password.fail(isWrong ? words.wrongPassword : explain(fault, words, format))
    }
  })
  return (await answerOf(dialog)) === 'yes'
}

async function send(client: Client, url: string, password: string): Promise<void> {
  const answer = await client.signIn((token) => {
    const init = jsonInit('POST', { password })
    return fetch(url, { ...init, headers: { ...init.headers, Authorization: `Bearer ${token}` } })
  })
  await membersOf(answer)
}
