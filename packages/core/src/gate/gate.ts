import type { CertificateOf, CertificateSettings } from '../access/certificates.ts'
import type { OAuthClients } from '../access/clients/index.ts'
import type { EndOnRevocation } from '../access/connection-end.ts'
import type { Proofs } from '../access/dpop/index.ts'
import type { Inspect } from '../access/inspect.ts'
import type { CheckPossession } from '../access/possession.ts'
import type { Access } from '../access/verify.ts'
import type { TakeLogout } from '../backchannel/index.ts'
import { ConfigError, choices } from '../errors.ts'
import type { Guard } from '../guards/guard.ts'
import { createGuards, type Guards } from '../guards/index.ts'
import type { PolicySettings } from '../guards/policy/require.ts'
import type { RiskReader } from '../guards/risk.ts'
import type { Statements } from '../issuers/statements.ts'
import type { Outbox } from '../outbox/index.ts'
import type { Clock } from '../ports/clock.ts'
import type { Callers } from '../seam/caller.ts'
import type { Route } from '../seam/http.ts'
import type { BoundKeySettings } from '../sessions/bound-keys/index.ts'
import type { Sessions } from '../sessions/index.ts'
import type { FindOwner } from '../sessions/list.ts'
import type { RefreshTokens } from '../sessions/tokens/refresh-token.ts'
import type { SharedState } from '../state/index.ts'
import type { Activity } from '../watch/activity/activity.ts'
import type { Required } from '../watch/audit/required.ts'
import type { Callbacks } from '../watch/callbacks.ts'
import type { Emit } from '../watch/events.ts'
import type { Lockout } from '../watch/lockout/lockout.ts'
import { refusal } from './answers/answer.ts'
import { createEventStreams, type EventStreams } from './answers/event-stream.ts'
import { createBonds } from './bonds.ts'
import { createBoundCookies } from './browser/bound-cookie.ts'
import { type CookieSettings, createStrictCookie } from './browser/cookies.ts'
import { createCrossSiteCheck, type OriginSettings } from './browser/csrf.ts'
import type { Fingerprints } from './browser/fingerprint.ts'
import { createPages } from './browser/pages.ts'
import { createTokenSchemes } from './credentials.ts'
import { type Surface, surfaceOf } from './described/surface.ts'
import {
  createElevate,
  createEndpoints,
  createLogout,
  createSignIn,
  createStart,
  createStepUp,
  type EndpointName,
} from './endpoints/index.ts'
import { createClientRequests } from './endpoints/oauth/client-requests.ts'
import { createTokenClient } from './endpoints/oauth/token-client.ts'
import type { AnswerSignIn } from './endpoints/sign-in.ts'
import type { AnswerStepUp } from './endpoints/step-up.ts'
import { createGuardCheck, type GuardCheck } from './guard.ts'
import { createGateLockout, type GateLockout } from './lockout-calls.ts'
import { createProtection, type Protection, type ProtectionParts } from './protect.ts'
import { createRefuse, type RefusalForm, UNWRITTEN } from './refuse.ts'
import { createRouteMaker, type RouteMaker } from './routes.ts'
import { createGateSessions, type GateSessions } from './session-calls.ts'

/** The library's HTTP, for any framework: it takes views of requests, and returns decisions and answers. */
export interface Gate {
  readonly verifier: Protection['verifier']
  readonly signIn: AnswerSignIn
  readonly stepUp: AnswerStepUp
  readonly sessions: GateSessions
  readonly lockout: GateLockout
  /** The library's own guards. */
  readonly guards: Guards
  /** Makes the check of a guard. */
  check(guard: Guard): GuardCheck
  /**
   * The routes of these endpoint sets, and other routes as they are, which the caller mounts. Throws a `TypeError` for an
   * unknown name, and a `ConfigError` for a set that needs an option.
   */
  routes(parts: readonly (EndpointName | Route)[]): readonly Route[]
  /** All that `routes` has given, with the set to which each belongs; `undefined`: to none of the library's. */
  readonly mounted: ReadonlyMap<Route, EndpointName | undefined>
  /** What the options make of the routes. */
  readonly surface: Surface
  /** Makes routes of the application. */
  readonly route: RouteMaker
  /** The name for people of the device that has this User-Agent, such as "Firefox on Linux". */
  deviceName(userAgent: string | undefined): string
  /** Streams of events to callers, which end with their tokens. */
  readonly streams: EventStreams
  /** Tells who sent a request, for events of the application. */
  readonly callers: Callers
  /** The `iss` of this deployment. */
  readonly issuer: string
  /** Finds whose a session is. */
  readonly findOwner: FindOwner
  /** Signs what this deployment tells other services, and verifies what they tell it. */
  readonly statements: Pick<Statements, 'sign' | 'parse' | 'from'>
  /** What is on its way to other services. */
  readonly outbox: Outbox
  /** What packages keep in the store. */
  readonly state: SharedState
}

export interface GateSettings {
  readonly issuer: string
  readonly authPath: string
  /** The value of `Clear-Site-Data`; `undefined`: no such header is sent. */
  readonly clearSiteData: string | undefined
  readonly cookie: CookieSettings
  readonly deviceCookie: CookieSettings
  readonly boundCookie: CookieSettings
  /** `undefined` if no session is bound to a key of its browser. */
  readonly boundKeys: BoundKeySettings | undefined
  readonly origins: OriginSettings
  readonly refusals: RefusalForm
  /** `undefined` if there is no policy engine. */
  readonly policies: PolicySettings | undefined
}

export interface GateParts {
  readonly settings: GateSettings
  readonly parseVerify: ProtectionParts['parse']
  readonly statements: Gate['statements']
  readonly access: Access
  readonly oauth: OAuthClients
  readonly inspect: Inspect
  readonly possession: CheckPossession
  /** `undefined` if no DPoP proofs are checked. */
  readonly proofs: Proofs | undefined
  readonly certificateOf: CertificateOf
  /** `undefined` if no certificates are looked at. */
  readonly certificates: CertificateSettings | undefined
  readonly fingerprints: Fingerprints
  readonly sessions: Sessions
  readonly refreshTokens: Pick<RefreshTokens, 'parse'>
  readonly lockout: Lockout
  readonly activity: Activity | undefined
  readonly endOnRevocation: EndOnRevocation
  readonly deviceName: Gate['deviceName']
  readonly required: Required
  /** `undefined` if nothing looks for anomalies. */
  readonly risk: RiskReader | undefined
  readonly publishedKeys: () => readonly object[]
  readonly keysMaxAgeSeconds: number
  readonly outbox: Outbox
  readonly state: SharedState
  /** `undefined` if nobody's logout tokens are accepted. */
  readonly takeLogout: TakeLogout | undefined
  /** Whether other services are told of sessions that end. */
  readonly tellsLogout: boolean
  readonly emit: Emit
  readonly callers: Callers
  readonly callbacks: Callbacks
  readonly notice: (message: string) => void
  readonly clock: Clock
}

/** What endpoints need that are not always there, and so have no routes. */
const NEEDED: Readonly<Partial<Record<EndpointName, string>>> = {
  activity: 'the option "activity", such as activity: {}',
  'backchannel-logout': 'the option "backchannelLogout.issuers"',
  introspect: 'a client of the option "oauth.clients" with introspect: true',
}

/** Puts the parts of this folder together. */
export function createGate(parts: GateParts): Gate {
  const { settings, sessions, required, callers, emit, notice, clock } = parts
  const { access, oauth, inspect, possession, proofs, refreshTokens } = parts
  const { origins, issuer, authPath, clearSiteData } = settings
  const { open, end, tokenSets } = sessions
  const cookie = createStrictCookie(settings.cookie)
  const refuse = createRefuse(settings.refusals, notice)
  const schemes = createTokenSchemes(proofs?.algorithms)
  const protection = createProtection({
    ...{ access, schemes, refuse, refuseOwn: refusal },
    parse: parts.parseVerify,
  })
  const isCrossSite = createCrossSiteCheck({ origins, emit, callers, notice })
  const route = createRouteMaker({ protection, origins, isCrossSite, required })

  const bonds = createBonds(parts)
  const boundCookies = createBoundCookies({ settings, boundKeys: sessions.boundKeys })
  const cookies = { cookie, boundCookies }
  const signInParts = { open, refreshTokens, ...cookies, origins, isCrossSite, bonds, callers }
  const start = required.step(createStart(signInParts), () => UNWRITTEN)
  const elevate = required.step(createElevate(sessions.elevate, callers, schemes.of), () => UNWRITTEN)
  const traces = { ...cookies, clearSiteData }
  const logout = createLogout({ end, inspect, possession, schemes, refreshTokens, ...traces, callers })
  const mounted = new Map<Route, EndpointName | undefined>()
  const clientRequests = createClientRequests({ ...oauth, callers })
  const clientOf = createTokenClient({ ...oauth, clientRequests, revoke: sessions.revoke })
  const streams = createEventStreams(parts.endOnRevocation)
  const endpoints = createEndpoints(
    {
      ...parts,
      ...sessions,
      ...oauth,
      oauth: oauth.settings,
      clientRequests,
      clientOf,
      sign: parts.statements.sign,
      streams,
      logout,
      schemes,
      ...traces,
      bonds,
      issuer,
      authPath,
      isMounted: (name) => [...mounted.values()].includes(name),
    },
    route,
  )
  return {
    verifier: protection.verifier,
    signIn: createSignIn(start, signInParts),
    stepUp: createStepUp(elevate, origins),
    sessions: createGateSessions({
      ...{ start, elevate, logout, isCrossSite, end, required, tokenSets, cookie, callers },
      pages: createPages({ ...parts, ...sessions, ...cookies, bonds }),
    }),
    lockout: createGateLockout({
      ...{ lockout: parts.lockout, isCrossSite, callers, required },
      cookie: createStrictCookie(settings.deviceCookie),
    }),
    ...{ route, streams, callers, statements: parts.statements, outbox: parts.outbox },
    state: parts.state,
    ...{ issuer, deviceName: parts.deviceName, findOwner: sessions.findOwner },
    guards: createGuards({ ...parts, policies: settings.policies }),
    check: (guard) => createGuardCheck(guard, { clock, refuse, schemesOf: schemes.of }),
    ...{ mounted, surface: surfaceOf(parts) },
    routes(given) {
      return given.flatMap((part) => {
        const name = typeof part === 'string' ? part : undefined
        const routes = typeof part === 'string' ? routesOf(part) : [part]
        for (const one of routes) mounted.set(one, name ?? mounted.get(one))
        return routes
      })
    },
  }

  function routesOf(name: EndpointName): readonly Route[] {
    if (!Object.hasOwn(endpoints, name))
      throw new TypeError(`unknown set of endpoints "${name}"${choices(name, Object.keys(endpoints))}`)
    if (endpoints[name].length === 0)
      throw new ConfigError(name, { sentence: `the endpoints "${name}" need ${NEEDED[name]}` })
    return endpoints[name]
  }
}
