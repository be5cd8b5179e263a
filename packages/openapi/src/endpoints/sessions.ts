import type { Operations } from '@sallyport/core/adapter'
import { cleared, json, siteData } from './shared.ts'

const tag = 'Sessions'
const ended = { 'Set-Cookie': cleared, 'Clear-Site-Data': siteData } as const

export const logout: Operations = {
  POST: {
    ...{ id: 'logout', tag, summary: 'End the session' },
    description:
      'The one that the cookie or the access token names. The token may have expired. Having nothing to end is no error.',
    credentials: ['cookie', 'bearer', 'none'],
    answers: { 204: { description: 'The session has ended.', headers: ended } },
    refusals: [
      ...(['refresh_repeated', 'authorization_repeated', 'sessions_differ', 'dpop_nonce'] as const),
      ...(['signatures_limited', 'store_unavailable'] as const),
    ],
  },
}

export const logoutAll: Operations = {
  POST: {
    ...{ id: 'logoutAll', tag, summary: 'End every session of the caller' },
    answers: { 204: { description: 'All of them have ended.', headers: ended } },
  },
}

export const sessions: Operations = {
  GET: {
    ...{ id: 'listSessions', tag, summary: 'List the sessions of the caller' },
    description: 'The latest 100 sign-ins, and the session that asks.',
    answers: { 200: { description: 'The sessions.', content: json('Sessions') } },
  },
}

export const oneSession: Operations = {
  DELETE: {
    ...{ id: 'endSession', tag, summary: 'End one session of the caller' },
    parameters: [{ in: 'path', name: 'id', description: 'As `listSessions` tells it.' }],
    answers: {
      204: { description: 'It has ended. If it is the one that asks, its cookies go.', headers: ended },
    },
    refusals: ['session_unknown'],
  },
}

export const activity: Operations = {
  GET: {
    ...{ id: 'listActivity', tag, summary: 'List what happened to the caller lately' },
    description: 'The newest 50 events, failed sign-ins included.',
    answers: { 200: { description: 'The events, the newest first.', content: json('Activity') } },
  },
}

export const live: Operations = {
  GET: {
    ...{ id: 'live', tag, summary: 'Wait for the end of the session' },
    description:
      'A stream on which nothing comes but `event: end`, once the access token is revoked or expires.',
    answers: {
      200: { description: 'The stream.', content: { 'text/event-stream': { type: 'string' } } },
    },
    refusals: ['streams_limited'],
  },
}
