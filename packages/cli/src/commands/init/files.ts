import type { Choices, NewFile } from './choices.ts'
import { configModule } from './templates/config.ts'
import { expressServer } from './templates/express.ts'
import { fastifyServer } from './templates/fastify.ts'
import { koaServer } from './templates/koa.ts'
import { environmentFiles, TSCONFIG } from './templates/project.ts'
import { usersModule } from './templates/users.ts'

const SERVERS: Readonly<Record<Choices['framework'], (choices: Choices) => string>> = {
  express: expressServer,
  koa: koaServer,
  fastify: fastifyServer,
}

/** The files of a set-up, apart from those that a project may have already: `package.json` and `.gitignore`. */
export function filesOf(choices: Choices): readonly NewFile[] {
  const isTyped = choices.language === 'ts'
  const module = (name: string, text: string): NewFile => ({
    path: isTyped ? `src/${name}.ts` : `${name}.js`,
    text,
  })
  return [
    module('sallyport.config', configModule(choices)),
    module('server', SERVERS[choices.framework](choices)),
    module('users', usersModule(choices)),
    ...(isTyped ? [{ path: 'tsconfig.json', text: TSCONFIG }] : []),
    ...environmentFiles(choices),
  ]
}
