import type { JsonSchema, OperationAnswer } from '@sallyport/core/adapter'
import { JSON_TYPE } from '../endpoints/shared.ts'
import { ref } from '../schemas.ts'
import type { OpenApiMedia, OpenApiResponse } from './document.ts'
import { headersOf, type Refusal } from './refusals.ts'

/** Answers and refusals, by status. What has the same status is described together. */
export function responsesOf(
  answers: Readonly<Record<number, OperationAnswer>>,
  refusals: readonly Refusal[],
): Record<string, OpenApiResponse> {
  const statuses = new Set([...Object.keys(answers).map(Number), ...refusals.map(({ status }) => status)])
  const written = [...statuses]
    .sort((a, b) => a - b)
    .map((status) => [
      String(status),
      responseOf(
        answers[status],
        refusals.filter((one) => one.status === status),
      ),
    ])
  return Object.fromEntries(written)
}

function responseOf(answer: OperationAnswer | undefined, refusals: readonly Refusal[]): OpenApiResponse {
  const lines = refusals.map(({ error, description }) => `- \`${error}\`: ${description}`)
  const description = [...(answer === undefined ? [] : [answer.description]), ...new Set(lines)].join('\n')
  const headers = Object.assign({}, answer?.headers, ...refusals.map(headersOf))
  const content: Record<string, OpenApiMedia> = {}
  for (const [type, schema] of Object.entries(answer?.content ?? {})) content[type] = { schema }
  if (refusals.length > 0) {
    const own = content[JSON_TYPE]?.schema
    const refused = schemaOf(refusals)
    content[JSON_TYPE] = {
      schema: own === undefined ? refused : { anyOf: [own, refused] },
      examples: examplesOf(refusals),
    }
  }
  return {
    description,
    ...(Object.keys(headers).length > 0 && { headers: fieldsOf(headers) }),
    ...(Object.keys(content).length > 0 && { content }),
  }
}

function fieldsOf(headers: Readonly<Record<string, string>>): NonNullable<OpenApiResponse['headers']> {
  const fields = Object.entries(headers).map(([name, description]) => [
    name,
    { description, schema: { type: 'string' } },
  ])
  return Object.fromEntries(fields)
}

function schemaOf(refusals: readonly Refusal[]): JsonSchema {
  const errors = [...new Set(refusals.map(({ error }) => error))]
  return { allOf: [ref('Error'), { properties: { error: { enum: errors } } }] }
}

const VARIES = 'The text says what is wrong, such as here.'

/** Those of the library are common to all operations. */
function examplesOf(refusals: readonly Refusal[]): NonNullable<OpenApiMedia['examples']> {
  const examples: NonNullable<OpenApiMedia['examples']> = {}
  for (const { code, error, description, varies } of refusals) {
    if (code !== undefined) {
      examples[code] = { $ref: `#/components/examples/${code}` }
      continue
    }
    const others = Object.keys(examples).filter((name) => name.startsWith(error)).length
    examples[others === 0 ? error : `${error}_${others + 1}`] = {
      ...(varies && { summary: VARIES }),
      value: { error, error_description: description },
    }
  }
  return examples
}
