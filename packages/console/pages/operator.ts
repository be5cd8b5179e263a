import { keysView } from './operator/keys.ts'
import { overviewView } from './operator/overview.ts'
import { sessionsView } from './operator/sessions.ts'
import { type Main, startApp, type Tools } from './shared/app.ts'
import { heading, make } from './shared/dom.ts'
import { loaded } from './shared/load.ts'
import { ask, Refusal } from './shared/request.ts'
import { createViews, type Views } from './shared/views.ts'
import { type Words, words } from './words/operator.ts'

await startApp({
  words,
  isWide: true,
  home: ({ operatorPath }) => `${operatorPath}/`,
  welcome: ({ welcome }) => welcome,
  main: operatorOf,
})

/** The views, for somebody who may see them. */
function operatorOf(tools: Tools<Words>): Main {
  const { client, config, words: said } = tools
  let views: Views | undefined
  let isClosed = false

  const content = loaded(tools, async () => {
    try {
      await ask(client, 'GET', `${config.operatorPath}/api/overview`)
    } catch (fault) {
      if (fault instanceof Refusal && fault.status === 403) return [notAllowed(tools)]
      throw fault
    }
    // Somebody may have chosen another language, or signed out, before the answer was there.
    if (isClosed) return []
    views?.close()
    views = createViews(said.sections, config.title, [
      overviewView(tools),
      sessionsView(tools),
      keysView(tools),
    ])
    return [make('h1', { tabindex: -1, class: 'unseen' }, said.sections), views.element]
  })
  void content.load()

  return {
    element: content.element,
    reload: () => void (views === undefined ? content.load() : views.reload()),
    close() {
      isClosed = true
      views?.close()
    },
  }
}

function notAllowed({ words: said, config }: Tools<Words>): HTMLElement {
  return make(
    'section',
    { class: 'card narrow', 'aria-labelledby': 'title' },
    heading('h1', said.notAllowedTitle, 'title'),
    make('p', {}, said.notAllowed),
    make('p', {}, make('a', { href: `${config.accountPath}/` }, said.toAccount)),
  )
}
