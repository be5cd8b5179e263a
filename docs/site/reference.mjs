// The reference, made from the docstrings of everything that the packages export.

import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { Application } from 'typedoc'
import { doorsOf, publishedPackages, root } from '../../scripts/published.mjs'
import { REFERENCE } from './pages.mjs'

/** Writes it. Throws if there is a warning: a link that leads nowhere, a parameter that is not there. */
export async function writeReference() {
  const doors = (await publishedPackages()).flatMap(doorsOf)
  await rm(root + REFERENCE, { recursive: true, force: true })
  const application = await Application.bootstrapWithPlugins({
    plugin: ['typedoc-plugin-markdown'],
    entryPoints: doors.map(({ source }) => source),
    tsconfig: fileURLToPath(new URL('tsconfig.json', import.meta.url)),
    // Sources, not what is built: types of one package are the same in another.
    compilerOptions: {
      paths: Object.fromEntries(doors.map(({ specifier, source }) => [specifier, [source]])),
    },
    basePath: `${root}packages`,
    out: root + REFERENCE,
    ...{ readme: 'none', router: 'module', excludeInternal: true, disableSources: true },
    ...{ hideBreadcrumbs: true, hidePageHeader: true, useHTMLAnchors: true },
  })
  const project = await application.convert()
  if (project === undefined) throw new Error('reference: the sources do not compile')
  application.validate(project)
  await application.generateOutputs(project)
  if (application.logger.hasWarnings() || application.logger.hasErrors())
    throw new Error('reference: see the warnings above')
}
