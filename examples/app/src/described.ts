import type { JsonSchema, Operation, Operations, RouteDescription } from '@sallyport/core/adapter'
import { signInOperation, stepUpOperation } from '@sallyport/openapi'
import { DEMO_PASSWORD } from './users.ts'

// What the document says of the application's own routes.

const JSON_TYPE = 'application/json'
const text = { type: 'string' } as const
const badCredentials = {
  ...{ status: 401, error: 'invalid_credentials' },
  description: 'the user name or password is wrong',
} as const
const badRequest = (description: string) => ({ status: 400, error: 'invalid_request', description }) as const

/** @param example what viewers fill in */
function object(properties: Readonly<Record<string, JsonSchema>>, example?: object): JsonSchema {
  const schema = { type: 'object', properties, required: Object.keys(properties) }
  return example === undefined ? schema : { ...schema, examples: [example] }
}

function answered(description: string, schema: JsonSchema): Operation['answers'] {
  return { 200: { description, content: { [JSON_TYPE]: { ...schema, additionalProperties: false } } } }
}

export const login: Operations = {
  POST: signInOperation({
    ...{ id: 'login', summary: 'Sign in with a password' },
    body: {
      [JSON_TYPE]: object({ username: text, password: text }, { username: 'alice', password: DEMO_PASSWORD }),
    },
    refusals: [badRequest('the body must have the strings username and password'), badCredentials],
  }),
}

export const password: Operations = {
  POST: {
    ...{ id: 'changePassword', summary: 'Change the password, and end the other sessions' },
    body: {
      [JSON_TYPE]: object(
        { current: text, next: { ...text, minLength: 8 } },
        { current: DEMO_PASSWORD, next: 'another password' },
      ),
    },
    answers: {
      204: { description: 'It is changed.', headers: { 'Set-Cookie': 'The next refresh token.' } },
    },
    refusals: [
      ...(['body_malformed', 'body_type', 'sign_in_locked'] as const),
      badRequest('the body must have the strings current and next'),
      badRequest('the new password must have at least 8 characters'),
      badCredentials,
    ],
  },
}

export const stepUp: Operations = {
  POST: stepUpOperation({
    ...{ id: 'stepUp', summary: 'Show the second factor, which is the password again' },
    body: { [JSON_TYPE]: object({ password: text }, { password: DEMO_PASSWORD }) },
    refusals: [badRequest('the body must have the strings password'), badCredentials],
  }),
}

export const health: Operations = {
  GET: {
    ...{ id: 'health', tag: 'Operation', summary: 'Whether the process runs' },
    answers: answered('It does.', object({ status: { const: 'ok' } })),
  },
}

export const readiness: Operations = {
  GET: {
    ...{ id: 'readiness', tag: 'Operation', summary: 'Whether requests can be served' },
    answers: answered('They can.', object({ status: { const: 'ready' } })),
    refusals: ['store_unavailable'],
  },
}

export const metrics: Operations = {
  GET: {
    ...{ id: 'metrics', tag: 'Operation', summary: 'Metrics for Prometheus' },
    answers: { 200: { description: 'The metrics.', content: { 'text/plain': text } } },
  },
}

const etag = { ETag: 'Its version.' } as const

export const document: Operations = {
  GET: {
    ...{ id: 'openApi', tag: 'Operation', summary: 'This document' },
    answers: {
      200: {
        description: 'The document.',
        content: { [JSON_TYPE]: { type: 'object', required: ['openapi', 'info', 'paths'] } },
        headers: etag,
      },
      304: { description: 'The client has it already.', headers: etag },
    },
  },
}

export function file(id: string, type: string): Operations {
  return {
    GET: {
      ...{ id, tag: 'Pages', summary: 'A file of the viewer of this document' },
      answers: { 200: { description: 'The file.', content: { [type]: text } } },
    },
  }
}

/** The routes that each framework serves with its own router, below `/api`. */
export const frameworkRoutes: readonly RouteDescription[] = [
  {
    ...{ path: '/me', check: 'bearer' },
    operations: {
      GET: {
        ...{ id: 'me', summary: 'Who the caller is' },
        answers: answered('The caller.', object({ sub: text, scope: text, sid: text })),
      },
    },
  },
  {
    ...{ path: '/profile', check: 'bearer' },
    operations: {
      PUT: {
        ...{ id: 'updateProfile', summary: 'Update the profile' },
        scopes: ['profile:write'],
        body: { [JSON_TYPE]: { type: 'object' } },
        answers: answered('It is updated.', object({ updated: { const: true } })),
        refusals: ['body_malformed', 'body_type'],
      },
    },
  },
  {
    ...{ path: '/admin', check: 'bearer' },
    operations: {
      GET: {
        ...{ id: 'admin', summary: 'What only administrators see' },
        scopes: ['admin'],
        answers: answered('It.', object({ admin: { const: true } })),
      },
    },
  },
  {
    ...{ path: '/transfer', check: 'bearer' },
    operations: {
      POST: {
        ...{ id: 'transfer', summary: 'Transfer money, with a recent second factor' },
        body: {
          [JSON_TYPE]: object(
            { to: text, amount: { type: 'number', exclusiveMinimum: 0 } },
            { to: 'bob', amount: 100 },
          ),
        },
        answers: answered('It is accepted.', object({ accepted: { const: true } })),
        refusals: [
          ...(['body_malformed', 'body_type', 'authentication_insufficient'] as const),
          badRequest('the body must have the string to and the positive number amount'),
        ],
      },
    },
  },
]
