import type {
  Operation,
  OperationContent,
  OperationCredential,
  OperationParameter,
  RouteCheck,
  Surface,
} from '@sallyport/core/adapter'
import type { Placed } from '../placed.ts'
import type { OpenApiMedia, OpenApiOperation, OpenApiParameter } from './document.ts'
import { NONCE, refusalsBefore, refusalsUnder } from './refusals.ts'
import { responsesOf } from './responses.ts'
import { securityOf } from './security.ts'

const APPLICATION = 'Application'
const CREDENTIALS = {
  open: ['none'],
  cookie: ['cookie'],
  bearer: ['bearer'],
} as const satisfies Readonly<Record<RouteCheck, readonly OperationCredential[]>>
const proof: OperationParameter = {
  in: 'header',
  name: 'DPoP',
  description: 'A proof that the client has the key to which the token is bound (RFC 9449).',
}

export function written(placed: Placed, surface: Surface): OpenApiOperation {
  const { path, method, check, operation } = placed
  const told: Partial<Operation> = operation ?? {}
  const { answers = {}, refusals = [], scopes = [], parameters = [] } = told
  const credentials = told.credentials ?? CREDENTIALS[check]
  const refused = refusalsUnder(surface, [...refusalsBefore(placed, credentials), ...refusals])
  const takesProofs = refused.some(({ code }) => code === 'dpop_nonce')
  const all = parametersOf(path, takesProofs ? [...parameters, proof] : parameters)
  const responses = responsesOf(takesProofs ? withNonce(answers) : answers, refused)
  return {
    operationId: told.id ?? `${method} ${path}`,
    summary: told.summary ?? `${method} ${path}`,
    ...(told.description !== undefined && { description: told.description }),
    tags: [told.tag ?? APPLICATION],
    security: securityOf(credentials, scopes, surface),
    ...(all.length > 0 && { parameters: all }),
    ...(told.body !== undefined && { requestBody: { required: true, content: contentOf(told.body) } }),
    responses:
      operation === undefined
        ? { ...responses, default: { description: 'What it answers is not described.' } }
        : responses,
  }
}

function parametersOf(path: string, told: readonly OperationParameter[]): OpenApiParameter[] {
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => {
    const about = told.find((one) => one.in === 'path' && one.name === name)
    return { in: 'path', name, description: about?.description ?? '', schema: about?.schema } as const
  })
  const others = told.filter((one) => one.in !== 'path')
  return [...inPath, ...others].map(
    ({ in: place, name, description, schema = { type: 'string' }, ...rest }) => ({
      ...{ name, in: place },
      ...(description !== '' && { description }),
      required: place === 'path' || ('required' in rest && rest.required === true),
      schema,
    }),
  )
}

function withNonce(answers: Operation['answers']): Operation['answers'] {
  const told = Object.entries(answers).map(([status, answer]) => [
    status,
    { ...answer, headers: { ...answer.headers, 'DPoP-Nonce': NONCE } },
  ])
  return Object.fromEntries(told)
}

/** Viewers fill in an example that a body has as a whole. */
function contentOf(body: OperationContent): Record<string, OpenApiMedia> {
  const content = Object.entries(body).map(([type, schema]) => {
    const [example] = Array.isArray(schema.examples) ? schema.examples : []
    return [type, example === undefined ? { schema } : { schema, example }]
  })
  return Object.fromEntries(content)
}
