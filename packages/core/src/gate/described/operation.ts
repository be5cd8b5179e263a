import type { ProblemCode } from '../../problems.ts'
import type { Route } from '../../seam/http.ts'

// What can be said of a route without calling it. `@sallyport/openapi` makes a document of it; nothing here is read while
// requests are answered.

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** A schema of JSON Schema 2020-12, as OpenAPI 3.1 has it. */
export type JsonSchema = Readonly<Record<string, unknown>>

export interface OperationParameter {
  readonly in: 'path' | 'query' | 'header' | 'cookie'
  readonly name: string
  readonly description: string
  /** Default: a string. */
  readonly schema?: JsonSchema | undefined
  /** Default `false`; those of the path always are. */
  readonly required?: boolean | undefined
}

/** A body, by its media type. */
export type OperationContent = Readonly<Record<string, JsonSchema>>

export interface OperationAnswer {
  readonly description: string
  /** Default: no body. */
  readonly content?: OperationContent | undefined
  /** Header fields that it may have, and what they say. `Cache-Control` need not be listed. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/**
 * A refusal: a code of the table `problems`, maybe with another status than the table has, or one of your own with its
 * `error` and `error_description`. Codes that the options rule out, such as those of DPoP, are left out of the document.
 */
export type OperationRefusal =
  | ProblemCode
  | { readonly code: ProblemCode; readonly status: number }
  | {
      readonly status: number
      readonly error: string
      readonly description: string
      /** Whether `description` is one of several texts, such as one that names what is wrong. Default `false`. */
      readonly varies?: boolean | undefined
    }

/** By what a request may show who sends it. `none`: it need not. */
export type OperationCredential = 'none' | 'cookie' | 'bearer' | 'client'

/** What a document says of one method of a route. */
export interface Operation {
  /** Its `operationId`, which no other operation of the document may have, such as `refreshSession`. */
  readonly id: string
  readonly summary: string
  /** In CommonMark. Default: none. */
  readonly description?: string | undefined
  /** The heading under which viewers show it. Default `Application`. */
  readonly tag?: string | undefined
  /** Parameters besides those of the path, which are found in it and are listed here only for their descriptions. */
  readonly parameters?: readonly OperationParameter[] | undefined
  /** What is sent. Default: no body. */
  readonly body?: OperationContent | undefined
  /** Answers to a request that is not refused, by status. */
  readonly answers: Readonly<Record<number, OperationAnswer>>
  /** Refusals besides those of the route's check, such as a missing token. */
  readonly refusals?: readonly OperationRefusal[] | undefined
  /** Each of these will do. Default: what the route's check asks for. */
  readonly credentials?: readonly OperationCredential[] | undefined
  /** The scopes that the access token must have. Default: none. */
  readonly scopes?: readonly string[] | undefined
}

/** Operations by method. */
export type Operations = Readonly<Partial<Record<Method, Operation>>>

/** What is checked before a handler is called: see `RouteMaker`. */
export type RouteCheck = 'open' | 'cookie' | 'bearer'

/** A route of the framework's own router, as a document has it. */
export interface RouteDescription {
  /** The path below the router's prefix. A parameter is written `:id`. */
  readonly path: string
  readonly check: RouteCheck
  readonly operations: Operations
}

/** A route that knows what it answers. */
export interface DescribedRoute extends Route, RouteDescription {
  /** The methods that have a handler. */
  readonly methods: readonly Method[]
}
