import type { Does } from '../../signals/player.ts'
import type { TextName } from '../texts.ts'

/** What an example is good for, and what must come of it. */
export type Use =
  /** The claims of a token. `laterGoesOn`: it spares a session that began after what it tells. */
  | { readonly as: 'token'; readonly does: Does; readonly laterGoesOn: boolean }
  /** The claims of a token that is refused, and why the text has it nevertheless. */
  | { readonly as: 'refused token'; readonly err: string; readonly because: string }
  /** Identifies the user. */
  | { readonly as: 'subject' }
  /** Members of an event, which the application is told. */
  | { readonly as: 'members of an event' }
  /** Played by `delivery.test.ts`, or by `metadata.test.ts`. */
  | { readonly as: 'delivery' | 'metadata' | 'names of events' }
  /** Is about the streams that receivers manage: see `streams.test.ts`. */
  | { readonly as: 'management' }

const token = (does: Does, laterGoesOn: boolean): Use => ({ as: 'token', does, laterGoesOn })
/** It happened before the later session began. */
const ends = token('ends it', true)
/** It does not say when it happened, or that was later than it was told. */
const endsAll = token('ends it', false)
const renews = token('refuses its tokens', true)
const nothing = token('nothing', true)
const refused = (err: string, because: string): Use => ({ as: 'refused token', err, because })
const subject: Use = { as: 'subject' }
const members: Use = { as: 'members of an event' }
const delivery: Use = { as: 'delivery' }
const metadata: Use = { as: 'metadata' }
const management: Use = { as: 'management' }

const HAS_SUB = 'a shared signal must not have the claim sub (SSF 1.0, section 4.1.2)'
const NO_SET = 'it is a JWT with sub_id, and no security event token: jti, iat and events are missing'

const each = (anchors: readonly string[], use: Use) =>
  Object.fromEntries(anchors.map((anchor) => [anchor, use]))

const figures = (first: number, last: number, use: Use) =>
  each(
    Array.from({ length: last - first + 1 }, (_, index) => `figure-${first + index}`),
    use,
  )

/** By text and anchor. */
export const uses: Readonly<Record<TextName, Readonly<Record<string, Use>>>> = {
  ssf: {
    ...each(['simple-subject-ex', 'complex-subject-ex', 'sub-id-jwtid'], subject),
    ...each(['sub-id-samlassertionid', 'sub-id-ips-example'], subject),
    'explicit-type-header': delivery,
    figarrayaud: nothing,
    'subject-ids-ex-simple': nothing,
    'risc-event-subject-example': endsAll,
    'caep-event-properties-example': renews,
    // It happened in 2020, and was told in 2018.
    'subject-ids-ex-complex': endsAll,
    'subject-properties-ex': renews,
    // It is told in the year 2451: the clock is turned.
    'subject-custom-type-ex': renews,
    ...each(['figspecversionfinal', 'figspecurn', 'figdiscoveryrequest'], metadata),
    ...each(['figdiscoveryrequestpath', 'figolddiscoveryrequest', 'figdiscoveryresponse'], metadata),
    // A drawing.
    figintro: management,
    ...each(
      ['figcreatestreamreq', 'figcreatestreamresp', 'figreadconfigreq', 'figreadconfigresp'],
      management,
    ),
    ...each(['figreadconfigreqnostreamid', 'figreadconfigrespnostreamidmanystreams'], management),
    ...each(['figreadconfigrespnostreamidonestream', 'figreadconfigrespnostreamidnostreams'], management),
    ...each(['figupdateconfigreq', 'figupdateconfigresp'], management),
    ...each(['figreplaceconfigreq', 'figreplaceconfigresp'], management),
    ...each(['figdeletestreamreq', 'figdeletestreamresp', 'figstatusreq', 'figstatusresp'], management),
    ...each(['figupdatestatusreq', 'figupdatestatuswithreasonreq', 'figupdatestatusresp'], management),
    ...each(['8.1.3.1-1', '8.1.3.1-2', '8.1.3.1-3', '8.1.3.1-4', '8.1.3.1-5', '8.1.3.1-6'], management),
    ...each(['figaddreq', 'figaddresp', 'figremovereq', 'figremoveresp'], management),
    ...each(['figverifyreq', 'figverifyresp'], management),
    ...each(['figverifyset', 'figstreamupdatedset'], nothing),
  },
  caep: {
    ...each(['optional-claims-reason-admin-example', 'optional-claims-reason-user-example'], members),
    ...each(['session-revoked-example-session-id-req', 'session-revoked-example-user-sub'], ends),
    'session-revoked-example-user-device': ends,
    ...each(['token-claims-change-example-oidc', 'token-claims-change-example-oidc-optional'], renews),
    'token-claims-change-example-saml': renews,
    'credential-change-example-fido2': ends,
    ...each(
      ['assurance-level-change-examples-al-increase', 'assurance-level-change-examples-custom'],
      nothing,
    ),
    'device-compliance-change-examples-out-of-compliance': nothing,
    ...each(['3.6.2-1', '3.7.2-1', '3.8.2-1'], nothing),
  },
  'caep-interoperability': { '2.3.7-1': metadata },
  risc: {
    ...each(['account-credential-change-required-example', 'identifier-changed-example'], nothing),
    'identifier-recycled-example': nothing,
    ...each(['account-disabled-example', 'credential-compromise-example'], endsAll),
    'opt-out-states': { as: 'names of events' },
  },
  rfc8417: {
    'figure-1': refused('invalid_request', HAS_SUB),
    'figure-2': refused('invalid_request', HAS_SUB),
    'figure-3': nothing,
    'figure-4': endsAll,
    'figure-5': nothing,
    'figure-6': delivery,
  },
  rfc8935: figures(1, 5, delivery),
  rfc8936: figures(1, 8, delivery),
  rfc9493: {
    'figure-1': subject,
    'figure-2': refused('invalid_request', NO_SET),
    'figure-3': refused('invalid_issuer', 'its issuer is no URL (SSF 1.0, section 7.1), and it has no jti'),
    ...figures(4, 13, subject),
    ...figures(14, 20, refused('invalid_request', NO_SET)),
  },
}
