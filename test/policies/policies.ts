import type { CelConditions } from '@sallyport/policies'

/** The rules of decisions.ts in each language, as somebody would write them who knows no other. */
export const cedarPolicies = `
@id("read")
permit (principal, action == Action::"document:read", resource)
when { principal in Role::"reader" || principal in Role::"editor" }
when { principal.claims has level && resource has level && principal.claims.level >= resource.level };

@id("edit")
permit (principal in Role::"editor", action == Action::"document:edit", resource)
when {
  resource.owner == principal.id ||
  (principal.claims has department && principal.claims.department == resource.department)
};

@id("delete")
permit (principal in Role::"admin", action == Action::"document:delete", resource)
when { principal.own };

@id("locked")
forbid (principal, action in [Action::"document:edit", Action::"document:delete"], resource)
when { resource.locked }
unless { principal in Role::"admin" };

@id("reports")
permit (principal, action == Action::"report:list", resource)
when { principal.scopes.contains("reports") && context.method == "GET" };

@id("transfer")
permit (principal, action == Action::"account:transfer", resource)
when { resource.owner == principal.id }
when {
  resource.amount <= 1000 ||
  (resource.amount <= 10000 && principal.claims has amr && principal.claims.amr.contains("otp"))
}
when { context.time >= datetime("2026-01-01") && context.time < datetime("2027-01-01") };

@id("blocked")
forbid (principal, action == Action::"account:transfer", resource)
when { context has ip && context.ip.isInRange(ip("203.0.113.0/24")) };

@id("public")
permit (principal, action == Action::"file:read", resource)
when { context.path like "/public/*" };

@id("labels")
permit (principal, action == Action::"file:read", resource)
when { principal.claims has labels && principal.claims.labels.containsAll(resource.labels) };
`

export const celConditions: CelConditions = {
  'document:read':
    "('reader' in principal.roles || 'editor' in principal.roles) && has(principal.claims.level) && " +
    'has(resource.attributes.level) && principal.claims.level >= resource.attributes.level',
  'document:edit':
    "'editor' in principal.roles && (resource.attributes.owner == principal.id || (has(principal.claims.department) && " +
    'principal.claims.department == resource.attributes.department)) && ' +
    "(!resource.attributes.locked || 'admin' in principal.roles)",
  'document:delete': "'admin' in principal.roles && principal.own",
  'report:list': "'reports' in principal.scopes && environment.method == 'GET'",
  'account:transfer':
    'resource.attributes.owner == principal.id && (resource.attributes.amount <= 1000 || ' +
    "(resource.attributes.amount <= 10000 && has(principal.claims.amr) && 'otp' in principal.claims.amr)) && " +
    "environment.time.getFullYear() == 2026 && !environment.ip.startsWith('203.0.113.')",
  'file:read':
    "environment.path.startsWith('/public/') || (has(principal.claims.labels) && " +
    'resource.attributes.labels.all(label, label in principal.claims.labels))',
}

/** Policies of Cerbos, by the names of their files. Their format is YAML, of which JSON is a part. */
export const cerbosPolicies: Readonly<Record<string, object>> = {
  'document.json': policy('document', [
    allow(
      'document:read',
      ['reader', 'editor'],
      'has(P.attr.claims.level) && has(R.attr.level) && P.attr.claims.level >= R.attr.level',
    ),
    allow(
      'document:edit',
      ['editor'],
      'R.attr.owner == P.id || (has(P.attr.claims.department) && P.attr.claims.department == R.attr.department)',
    ),
    allow('document:delete', ['admin'], 'P.attr.own'),
    {
      ...allow('document:edit', ['*'], "R.attr.locked && !('admin' in P.roles)"),
      ...{ actions: ['document:edit', 'document:delete'], effect: 'EFFECT_DENY' },
    },
  ]),
  'report.json': policy('report', [
    allow('report:list', ['*'], "'reports' in P.attr.scopes && P.attr.environment.method == 'GET'"),
  ]),
  'account.json': policy('account', [
    allow(
      'account:transfer',
      ['*'],
      'R.attr.owner == P.id && (R.attr.amount <= 1000 || ' +
        "(R.attr.amount <= 10000 && has(P.attr.claims.amr) && 'otp' in P.attr.claims.amr)) && " +
        'timestamp(P.attr.environment.time).getFullYear() == 2026',
    ),
    {
      ...allow('account:transfer', ['*'], "P.attr.environment.ip.inIPAddrRange('203.0.113.0/24')"),
      effect: 'EFFECT_DENY',
    },
  ]),
  'file.json': policy('file', [
    allow(
      'file:read',
      ['*'],
      "P.attr.environment.path.startsWith('/public/') || (has(P.attr.claims.labels) && " +
        'R.attr.labels.all(label, label in P.attr.claims.labels))',
    ),
  ]),
}

function policy(resource: string, rules: readonly object[]): object {
  return { apiVersion: 'api.cerbos.dev/v1', resourcePolicy: { version: 'default', resource, rules } }
}

function allow(action: string, roles: readonly string[], expr: string): object {
  return { actions: [action], effect: 'EFFECT_ALLOW', roles, condition: { match: { expr } } }
}
