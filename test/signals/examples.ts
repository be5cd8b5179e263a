// The examples of the specifications, in short: who says what about whom. Sources: OpenID Shared Signals Framework 1.0, CAEP
// 1.0 and RISC 1.0, copyright The OpenID Foundation, which permits to reproduce them for implementations with attribution
// and does not endorse this one; RFC 8417 and RFC 9493, copyright IETF Trust and the persons identified as their authors,
// under the Revised BSD License (BCP 78, section 4.c). `test/texts` plays all of them word for word, and finds
// these in the texts.

import type { Does } from './player.ts'
import { CAEP, opaque, RISC, SSF } from './transmitter.ts'

export interface Example {
  readonly source: string
  readonly does: Does | 'is refused'
  readonly claims: Readonly<Record<string, unknown>> & {
    readonly iss: string
    readonly aud: string | string[]
  }
}

const IDP = 'https://idp.example.com/'
const CAEP_IDP = `${IDP}123456789/`
const jane = 'jane.smith@example.com'
const email = (address: string) => ({ format: 'email', email: address })
const at = (iss: string, sub: string) => ({ format: 'iss_sub', iss, sub })

const ssf = (
  source: string,
  does: Example['does'],
  type: string,
  subject: object,
  event: object = {},
  more: object = {},
): Example => ({
  source: `SSF 1.0, ${source}`,
  does,
  claims: {
    ...{ iss: IDP, jti: '756E69717565206964656E746966696572', iat: 1520364019, txn: '8675309' },
    ...{ aud: '636C69656E745F6964', sub_id: subject, events: { [type]: event } },
    ...more,
  },
})

const stream = (
  source: string,
  type: string,
  id: string,
  event: object,
  aud: string | string[],
): Example => ({
  source: `SSF 1.0, ${source}`,
  does: 'nothing',
  claims: {
    ...{ iss: 'https://transmitter.example.com', jti: '123456', iat: 1493856000, aud },
    ...{ sub_id: opaque(id), events: { [SSF + type]: event } },
  },
})

const caep = (
  source: string,
  does: Example['does'],
  type: string,
  subject: object,
  event: object,
  more: object = {},
): Example => ({
  source: `CAEP 1.0, ${source}`,
  does,
  claims: {
    ...{ iss: CAEP_IDP, jti: '24c63fb56e5a2d77a6b512616ca9fa24', iat: 1615305159, txn: '8675309' },
    ...{ aud: 'https://sp.example.com/caep', sub_id: subject },
    events: { [CAEP + type]: { event_timestamp: 1615304991, ...event } },
    ...more,
  },
})

const risc = (
  source: string,
  does: Example['does'],
  type: string,
  subject: object,
  event = {},
  more = {},
): Example => ({
  source: `RISC 1.0, ${source}`,
  does,
  claims: {
    ...{ iss: IDP, jti: '756E69717565206964656E746966696572', iat: 1508184845 },
    ...{ aud: '636C69656E745F6964', sub_id: subject, events: { [RISC + type]: event } },
    ...more,
  },
})

const other = (source: string, does: Example['does'], claims: Example['claims']): Example => ({
  source,
  does,
  claims,
})

const STATE = 'VGhpcyBpcyBhbiBleGFtcGxlIHN0YXRlIHZhbHVlLgo='
const STREAM = 'f67e39a0a4d34d56b3aa1bc4cff0069f'
const NET = { aud: 'https://sp.example2.net/caep' }
const SP2 = { ...NET, iss: `${IDP}3456789/`, jti: '07efd930f0977e4fcc1149a733ce7f78' }
const TOKENS = { ...NET, iss: `${IDP}987654321/`, jti: '9afce1e4e642b165fcaacdd0e7aa4903' }
const PARENT = `${IDP}3957ea72-1b66-44d6-a044-d805712b9288/`
const DEVICE = 'e9297990-14d2-42ec-a4a9-4036db86509a'
const idToken = { format: 'jwt_id', iss: TOKENS.iss, jti: 'f61t6e20zdo3px56gepu8rzlsp4c1dpc0fx7' }
const both = { initiating_entity: 'user' }

export const examples: readonly Example[] = [
  stream('section 4.1.8', 'verification', '72e6991badb44e08a69672960053b342', { state: STATE }, [
    'receiver.example.com/web',
    'receiver.example.com/mobile',
  ]),
  ssf('section 5, a simple subject', 'nothing', `${RISC}account-enabled`, email('foo@example.com')),
  ssf(
    'section 5, a phone number',
    'ends it',
    `${RISC}account-disabled`,
    { format: 'phone_number', phone_number: '+1 206 555 0123' },
    { reason: 'hijacking' },
  ),
  ssf(
    'section 5, with properties',
    'refuses its tokens',
    `${CAEP}token-claims-change`,
    email('user@example.com'),
    { claims: { token: 'some-token-value' } },
  ),
  ssf(
    'section 5, a complex subject',
    // It happened in 2020, and was told in 2018.
    'ends it',
    `${CAEP}session-revoked`,
    { format: 'complex', user: at(PARENT, jane), device: at(PARENT, DEVICE) },
    {
      ...{ initiating_entity: 'policy', reason_admin: { en: 'Policy Violation: C076E82F' } },
      reason_user: { en: 'Land speed violation.', es: 'Violación de velocidad en tierra.' },
      event_timestamp: 1600975810,
    },
  ),
  ssf(
    'section 5, a simple subject and a property',
    'refuses its tokens',
    `${CAEP}token-claims-change`,
    email('foo@example2.com'),
    { event_timestamp: 1600975810, claims: { role: 'ro-admin' } },
    { iss: 'https://sp.example2.com/' },
  ),
  ssf(
    'section 5, a proprietary format',
    'refuses its tokens',
    `${CAEP}token-claims-change`,
    { format: 'catalog_item', catalog_id: 'c0384/winter/2354122' },
    { event_timestamp: 1600975810, claims: { role: 'ro-admin' } },
    {
      ...{ iss: 'https://myservice.example3.com/', iat: 15203800012, aud: '636C69656E745F6324' },
      jti: '756E69717565206964656E746966696534',
    },
  ),
  stream('section 8.1.4', 'verification', STREAM, { state: STATE }, 'receiver.example.com'),
  stream(
    'section 8.1.5',
    'stream-updated',
    STREAM,
    { status: 'paused', reason: 'Internal error' },
    'receiver.example.com',
  ),

  caep('section 3.1, a session', 'ends it', 'session-revoked', opaque('dMTlD|1600802906337.16|16008.16'), {}),
  caep(
    'section 3.1, session, user and tenant',
    'ends it',
    'session-revoked',
    {
      format: 'complex',
      session: opaque('dMTlD|1600802906337.16|16008.16'),
      user: at(CAEP_IDP, '99beb27c-c1c2-4955-882a-e0dc4996fcbc'),
      tenant: opaque('123456789'),
    },
    {
      ...{ initiating_entity: 'policy', reason_admin: { en: 'Landspeed Policy Violation: C076E82F' } },
      reason_user: {
        en: 'Access attempt from multiple regions.',
        'es-410': 'Intento de acceso desde varias regiones.',
      },
    },
  ),
  caep(
    'section 3.1, user, device and tenant',
    'ends it',
    'session-revoked',
    {
      ...{ format: 'complex', user: at(CAEP_IDP, jane), device: at(CAEP_IDP, DEVICE) },
      tenant: opaque('123456789'),
    },
    {
      ...{ initiating_entity: 'policy', reason_admin: { en: 'Policy Violation: C076E822' } },
      reason_user: { en: 'This device is no longer compliant.' },
    },
  ),
  caep(
    'section 3.2, an ID token',
    'refuses its tokens',
    'token-claims-change',
    idToken,
    { claims: { role: 'ro-admin' } },
    TOKENS,
  ),
  caep(
    'section 3.2, with optional claims',
    'refuses its tokens',
    'token-claims-change',
    idToken,
    {
      ...{ initiating_entity: 'policy', reason_admin: { en: 'User left trusted network: CorpNet3' } },
      claims: { trusted_network: false },
    },
    TOKENS,
  ),
  caep(
    'section 3.2, a SAML assertion',
    'refuses its tokens',
    'token-claims-change',
    { format: 'saml_assertion_id', issuer: TOKENS.iss, assertion_id: '_a75adf55-01d7-dbd8372ebdfc' },
    { claims: { 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/role': 'ro-admin' } },
    { ...TOKENS, jti: 'dae94fed5f459881efa38b65c6772ddc' },
  ),
  caep(
    'section 3.3, a new authenticator',
    'ends it',
    'credential-change',
    at(SP2.iss, jane),
    {
      ...{
        credential_type: 'fido2-roaming',
        change_type: 'create',
        friendly_name: "Jane's USB authenticator",
      },
      ...{ fido2_aaguid: 'accced6a-63f5-490a-9eea-e59bc1896cfc', ...both },
      reason_admin: { en: 'User self-enrollment' },
    },
    SP2,
  ),
  caep(
    'section 3.4, an increase',
    'nothing',
    'assurance-level-change',
    at(SP2.iss, jane),
    {
      ...{ namespace: 'NIST-AAL', current_level: 'nist-aal2', previous_level: 'nist-aal1', ...both },
      change_direction: 'increase',
    },
    SP2,
  ),
  caep(
    'section 3.4, a custom level',
    'nothing',
    'assurance-level-change',
    at(SP2.iss, jane),
    { namespace: 'Retinal Scan', current_level: 'hi-res-scan', ...both },
    SP2,
  ),
  caep(
    'section 3.5',
    'nothing',
    'device-compliance-change',
    { format: 'complex', device: at(CAEP_IDP, DEVICE), tenant: opaque('123456789') },
    { current_status: 'not-compliant', previous_status: 'compliant', initiating_entity: 'policy' },
  ),
  caep('section 3.6', 'nothing', 'session-established', email('someuser@somedomain.com'), {
    ...{ fp_ua: 'abb0b6e7da81a42233f8f2b1a8ddb1b9a4c81611', acr: 'AAL2', amr: ['otp'] },
  }),
  caep('section 3.7', 'nothing', 'session-presented', email('someuser@somedomain.com'), {
    ...{ fp_ua: 'abb0b6e7da81a42233f8f2b1a8ddb1b9a4c81611', ext_id: '12345' },
  }),
  caep('section 3.8', 'nothing', 'risk-level-change', at(SP2.iss, 'jane.doe@example.com'), {
    ...{ principal: 'USER', current_level: 'LOW', previous_level: 'HIGH' },
    risk_reason: 'PASSWORD_FOUND_IN_DATA_BREACH',
  }),

  risc('section 2.1', 'nothing', 'account-credential-change-required', at(IDP, '7375626A656374')),
  risc('section 2.3', 'ends it', 'account-disabled', at(IDP, '7375626A656374'), { reason: 'hijacking' }),
  risc('section 2.5', 'nothing', 'identifier-changed', email('john.doe@example.com'), {
    'new-value': 'john.roe@example.com',
  }),
  risc('section 2.6', 'nothing', 'identifier-recycled', email('foo@example.com')),
  risc(
    'section 2.7',
    'ends it',
    'credential-compromise',
    at(`${IDP}3456790/`, 'joe.smith@example.com'),
    { credential_type: 'password' },
    { iss: `${IDP}3456790/`, aud: 'https://sp.example2.net/caep' },
  ),

  // A `sub` is what shared signals must not have (SSF 1.0, section 4.1.2), so that no other JWT passes for one.
  other('RFC 8417, section 2.1.1, a SCIM password reset', 'is refused', {
    ...{ iss: 'https://scim.example.com', iat: 1458496025, jti: '3d0c3cf797584bd193bd0fb1bd4e7d30' },
    aud: [
      'https://jhub.example.com/Feeds/98d52461fa5bbc879593b7754',
      'https://jhub.example.com/Feeds/5d7604516b1d08641d7676ee7',
    ],
    sub: 'https://scim.example.com/Users/44f6142df96bd6ab61e7521d9',
    events: {
      'urn:ietf:params:scim:event:passwordReset': { id: '44f6142df96bd6ab61e7521d9' },
      'https://example.com/scim/event/passwordResetExt': { resetAttempts: 5 },
    },
  }),
  other('RFC 8417, section 2.4, a SCIM event', 'nothing', {
    ...{ iss: 'https://scim.example.com', iat: 1458496404, jti: '4d3559ec67504aaba65d40b0363faad8' },
    aud: [
      'https://scim.example.com/Feeds/98d52461fa5bbc879593b7754',
      'https://scim.example.com/Feeds/5d7604516b1d08641d7676ee7',
    ],
    events: {
      'urn:ietf:params:scim:event:create': {
        ref: 'https://scim.example.com/Users/44f6142df96bd6ab61e7521d9',
        attributes: ['id', 'name', 'userName', 'password', 'emails'],
      },
    },
  }),
  other('RFC 8417, section 2.1.2, a logout token', 'is refused', {
    ...{ iss: 'https://server.example.com', sub: '248289761001', aud: 's6BhdRkqt3', iat: 1471566154 },
    ...{ jti: 'bWJq', sid: '08a5019c-17e1-4977-8f42-65a12843ea02' },
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
  }),
  other('RFC 8417, section 2.1.3, consent', 'nothing', {
    ...{ iss: 'https://my.med.example.org', iat: 1458496025, jti: 'fb4e75b5411e4e19b6c0fe87950f7749' },
    aud: ['https://rp.example.com'],
    events: {
      'https://openid.net/heart/specs/consent.html': {
        ...{ iss: 'https://connect.example.com', sub: '248289761001' },
        consentUri: ['https://terms.med.example.org/labdisclosure.html#Agree'],
      },
    },
  }),
  other('RFC 8417, section 2.1.4, RISC as it was', 'ends it', {
    ...{ iss: IDP, jti: '756E69717565206964656E746966696572', iat: 1508184845, aud: '636C69656E745F6964' },
    events: {
      [`${RISC}account-disabled`]: {
        subject: { subject_type: 'iss-sub', iss: IDP, sub: '7375626A656374' },
        reason: 'hijacking',
      },
    },
  }),
]

/** Identifiers, each of which means the user (RFC 9493, section 3.2; SSF 1.0, sections 3.3 and 3.5). */
export const identifiers: readonly object[] = [
  { format: 'account', uri: 'acct:example.user@service.example.com' },
  email('user@example.com'),
  at('https://issuer.example.com/', '145234573'),
  opaque('11112222333344445555'),
  { format: 'phone_number', phone_number: '+12065550100' },
  { format: 'did', url: 'did:example:123456' },
  { format: 'did', url: 'did:example:123456/did/url/path?versionId=1' },
  { format: 'uri', uri: 'https://user.example.com/' },
  { format: 'uri', uri: 'urn:uuid:4e851e98-83c4-4743-a5da-150ecb53042f' },
  {
    format: 'aliases',
    identifiers: [
      email('user@example.com'),
      { format: 'phone_number', phone_number: '+12065550100' },
      email('user+qualifier@example.com'),
    ],
  },
  { format: 'jwt_id', iss: CAEP_IDP, jti: 'B70BA622-9515-4353-A866-823539EECBC8' },
  {
    ...{ format: 'saml_assertion_id', issuer: CAEP_IDP },
    assertion_id: '_8e8dc5f69a98cc4c1ff3427e5ce34606fd672f91e6',
  },
  { format: 'ip-addresses', 'ip-addresses': ['10.29.37.75', '2001:0db8:0000:0000:0000:8a2e:0370:7334'] },
  {
    ...{ format: 'complex', user: email('bar@example.com') },
    tenant: at('https://example.com/idp1', '1234'),
  },
]
