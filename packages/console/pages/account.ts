import { activityView } from './account/activity.ts'
import { devicesView } from './account/devices.ts'
import { securityView } from './account/security.ts'
import { createSessionList } from './account/sessions.ts'
import { type Main, startApp, type Tools } from './shared/app.ts'
import { heading, make } from './shared/dom.ts'
import { createViews } from './shared/views.ts'
import { type Words, words } from './words/account.ts'

await startApp({
  words,
  isWide: false,
  home: ({ accountPath }) => `${accountPath}/`,
  welcome: ({ welcome }) => welcome,
  main: accountOf,
})

function accountOf(tools: Tools<Words>): Main {
  const { user } = tools
  const list = createSessionList(tools)
  const title = heading('h1', tools.words.yourAccount)
  const security = securityView(tools, list)
  const views = createViews(tools.words.sections, tools.config.title, [
    devicesView(tools, list),
    activityView(tools),
    ...(security === undefined ? [] : [security]),
  ])

  async function name(): Promise<void> {
    const current = (await list()).sessions.find((one) => one.current)
    const known = current === undefined ? undefined : user.nameOf(current.id)
    title.textContent = known === undefined ? tools.words.yourAccount : tools.words.signedInAs(known)
  }

  // Without an answer there is no name. The view that is shown says what went wrong.
  const showName = (): void => void name().catch(() => {})
  showName()
  return {
    element: make('div', {}, title, views.element),
    reload() {
      views.reload()
      showName()
    },
    close: views.close,
  }
}
