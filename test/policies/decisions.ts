import type { PolicyRequest } from '@sallyport/core/sink'

/** A question, and the answer that a person gives by the rules below. */
export interface Case {
  readonly name: string
  readonly request: PolicyRequest
  readonly permits: boolean
}

/*
 * The rules, which policies.ts has in three languages:
 *
 * 1. document:read   whoever is a reader or an editor, and has at least the level of the document
 * 2. document:edit   an editor who owns the document, or is of its department
 * 3. document:delete an admin of this deployment's own
 * 4. but nobody except an admin edits or deletes a document that is locked
 * 5. report:list     whoever has the scope "reports", by GET
 * 6. account:transfer the owner, up to 1000, or up to 10000 with a second factor; in 2026; and not from 203.0.113.0/24
 * 7. file:read       by a path below "/public/"; or with all of the labels of the file
 */

type Principal = Partial<PolicyRequest['principal']>
type Environment = Partial<PolicyRequest['environment']>

const ISSUER = 'https://auth.example.com'
const OTHER = 'https://partner.example.net'

function asked(
  action: string,
  principal: Principal,
  attributes: Readonly<Record<string, unknown>> | undefined,
  environment: Environment = {},
): PolicyRequest {
  return {
    principal: {
      ...{ id: 'alice', issuer: ISSUER, own: true, subject: 'alice', session: 's1', client: 'web' },
      ...{ roles: [], scopes: [], claims: {}, ...principal },
    },
    action,
    resource: { type: action.split(':')[0] ?? '', id: '1', attributes },
    environment: {
      ...{
        time: '2026-11-29T12:00:00.000Z',
        ip: '198.51.100.7',
        method: 'GET',
        path: '/',
        userAgent: 'curl',
      },
      ...environment,
    },
  }
}

const reader = (level: unknown): Principal => ({ roles: ['reader'], claims: { level } })
const editor = (claims: Readonly<Record<string, unknown>> = {}): Principal => ({ roles: ['editor'], claims })
const admin: Principal = { roles: ['admin'] }
const partner: Principal = { id: `${OTHER} alice`, issuer: OTHER, own: false }
const doc = (more: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> => ({
  ...{ owner: 'bob', department: 'sales', level: 3, locked: false, ...more },
})
const account = (amount: unknown): Readonly<Record<string, unknown>> => ({ owner: 'alice', amount })
const otp: Principal = { claims: { amr: ['pwd', 'otp'] } }

type Row = readonly [name: string, permits: boolean, request: PolicyRequest]

const rows: readonly Row[] = [
  ['a reader of the level', true, asked('document:read', reader(3), doc())],
  ['a reader above the level', true, asked('document:read', reader(9), doc())],
  ['a reader below the level', false, asked('document:read', reader(2), doc())],
  ['a level of zero', true, asked('document:read', reader(0), doc({ level: 0 }))],
  ['a negative level', false, asked('document:read', reader(-1), doc({ level: 0 }))],
  ['a reader without a level', false, asked('document:read', { roles: ['reader'] }, doc())],
  ['an editor of the level', true, asked('document:read', editor({ level: 4 }), doc())],
  ['a level without a role', false, asked('document:read', { claims: { level: 9 } }, doc())],
  [
    'a role that only begins like one',
    false,
    asked('document:read', { roles: ['readers'], claims: { level: 9 } }, doc()),
  ],
  [
    'a role in another case',
    false,
    asked('document:read', { roles: ['Reader'], claims: { level: 9 } }, doc()),
  ],
  ['a locked document can be read', true, asked('document:read', reader(3), doc({ locked: true }))],
  ['a document that nothing is known of', false, asked('document:read', reader(3), undefined)],

  ['the owner edits', true, asked('document:edit', editor(), doc({ owner: 'alice' }))],
  ['the department edits', true, asked('document:edit', editor({ department: 'sales' }), doc())],
  ['another department does not', false, asked('document:edit', editor({ department: 'legal' }), doc())],
  ['an editor who is neither', false, asked('document:edit', editor(), doc())],
  ['an owner who is no editor', false, asked('document:edit', reader(9), doc({ owner: 'alice' }))],
  ['two roles', true, asked('document:edit', { roles: ['reader', 'editor'] }, doc({ owner: 'alice' }))],
  ['a locked document', false, asked('document:edit', editor(), doc({ owner: 'alice', locked: true }))],
  [
    'a locked document, for an admin who may',
    true,
    asked('document:edit', { roles: ['editor', 'admin'] }, doc({ owner: 'alice', locked: true })),
  ],
  [
    'a locked document, for an admin who may not',
    false,
    asked('document:edit', admin, doc({ owner: 'alice', locked: true })),
  ],
  [
    'the same name at another issuer is no owner',
    false,
    asked('document:edit', { ...partner, roles: ['editor'] }, doc({ owner: 'alice' })),
  ],
  [
    'an owner of another issuer, by the whole name',
    true,
    asked('document:edit', { ...partner, roles: ['editor'] }, doc({ owner: `${OTHER} alice` })),
  ],

  ['an admin deletes', true, asked('document:delete', admin, doc())],
  ['an admin deletes what is locked', true, asked('document:delete', admin, doc({ locked: true }))],
  ['an admin of another issuer does not', false, asked('document:delete', { ...partner, ...admin }, doc())],
  ['an editor does not', false, asked('document:delete', editor(), doc({ owner: 'alice' }))],
  [
    'an action without a rule',
    false,
    asked('document:print', { roles: ['admin', 'editor', 'reader'] }, doc()),
  ],

  ['reports with the scope', true, asked('report:list', { scopes: ['profile', 'reports'] }, undefined)],
  ['reports without it', false, asked('report:list', { scopes: ['profile'] }, undefined)],
  [
    'reports by another method',
    false,
    asked('report:list', { scopes: ['reports'] }, undefined, { method: 'POST' }),
  ],

  ['a small transfer', true, asked('account:transfer', {}, account(1000))],
  ['one that needs a second factor', false, asked('account:transfer', {}, account(1001))],
  ['one that has it', true, asked('account:transfer', otp, account(10_000))],
  ['one beyond all limits', false, asked('account:transfer', otp, account(10_001))],
  [
    'from an account of another',
    false,
    asked('account:transfer', { id: 'bob', subject: 'bob' }, account(10)),
  ],
  [
    'at another time',
    false,
    asked('account:transfer', {}, account(10), { time: '2027-01-01T00:00:00.000Z' }),
  ],
  [
    'from an address that is blocked',
    false,
    asked('account:transfer', {}, account(10), { ip: '203.0.113.9' }),
  ],

  ['a file that is public', true, asked('file:read', {}, { labels: ['a'] }, { path: '/public/a.txt' })],
  [
    'a file whose labels one has',
    true,
    asked('file:read', { claims: { labels: ['a', 'b', 'c'] } }, { labels: ['c', 'a'] }),
  ],
  [
    'a file with one label too many',
    false,
    asked('file:read', { claims: { labels: ['a', 'b'] } }, { labels: ['a', 'x'] }),
  ],
]

export const cases: readonly Case[] = rows.map(([name, permits, request]) => ({
  name: `${request.action}: ${name}`,
  request,
  permits,
}))
