import type { JsonSchema } from '@sallyport/core/adapter'

// The parts of OpenAPI 3.1 that are written here. A document is a plain object of your own: add to it what you like.

/** What the application is called. Other members of the Info Object are passed on. */
export interface OpenApiInfo {
  title: string
  version: string
  [member: string]: unknown
}

export interface OpenApiServer {
  url: string
  description?: string
}

export interface OpenApiParameter {
  name: string
  in: 'path' | 'query' | 'header' | 'cookie'
  description?: string
  required?: boolean
  schema: JsonSchema
}

export interface OpenApiExample {
  summary?: string
  value: unknown
}

export interface OpenApiMedia {
  schema: JsonSchema
  example?: unknown
  examples?: Record<string, OpenApiExample | { $ref: string }>
}

export interface OpenApiBody {
  required?: boolean
  content: Record<string, OpenApiMedia>
}

export interface OpenApiResponse {
  description: string
  headers?: Record<string, { description: string; schema: JsonSchema }>
  content?: Record<string, OpenApiMedia>
}

export interface OpenApiOperation {
  operationId: string
  summary: string
  description?: string
  tags: string[]
  security: Record<string, string[]>[]
  parameters?: OpenApiParameter[]
  requestBody?: OpenApiBody
  responses: Record<string, OpenApiResponse>
}

export interface OpenApiPath {
  get?: OpenApiOperation
  post?: OpenApiOperation
  put?: OpenApiOperation
  delete?: OpenApiOperation
}

export interface OpenApiSecurityScheme {
  type: 'http' | 'apiKey'
  description: string
  scheme?: string
  bearerFormat?: string
  in?: 'cookie'
  name?: string
}

/** @see [OpenAPI 3.1.0](https://spec.openapis.org/oas/v3.1.0.html) */
export interface OpenApiDocument {
  openapi: '3.1.0'
  info: OpenApiInfo
  servers?: OpenApiServer[]
  tags: { name: string }[]
  paths: Record<string, OpenApiPath>
  components: {
    schemas: Record<string, JsonSchema>
    securitySchemes: Record<string, OpenApiSecurityScheme>
    examples: Record<string, OpenApiExample>
  }
}
