import { button, heading, make } from './dom.ts'

export interface Question {
  readonly title: string
  readonly text: string
  readonly yes: string
  readonly no: string
}

let asked = 0

/** Asks before something that can't be undone. Resolves to whether to do it. */
export function confirmed({ title, text, yes, no }: Question): Promise<boolean> {
  const dialog = openDialog(title, text)
  const go = button(yes, () => dialog.close('yes'), { kind: 'danger' })
  const stay = button(no, () => dialog.close(), { kind: 'plain' })
  stay.autofocus = true
  dialog.append(make('div', { class: 'actions end' }, stay, go))
  return answerOf(dialog).then((value) => value === 'yes')
}

/** A dialog with a title and a text, which is not shown yet. */
export function openDialog(title: string, text: string): HTMLDialogElement {
  const id = `dialog-${++asked}`
  return make(
    'dialog',
    { 'aria-labelledby': `${id}-title`, 'aria-describedby': `${id}-text` },
    heading('h2', title, `${id}-title`),
    make('p', { id: `${id}-text` }, text),
  )
}

/** Shows a dialog. Resolves to what it was closed with; an empty string stands for Escape. */
export function answerOf(dialog: HTMLDialogElement): Promise<string> {
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove()
      resolve(dialog.returnValue)
    })
    document.body.append(dialog)
    dialog.showModal()
  })
}
