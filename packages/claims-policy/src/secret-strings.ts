/**
 * Tokens of well-known services, by their beginnings. Each pattern requires a length that no name or word has.
 *
 * @see [GitHub's supported secret scanning patterns](https://docs.github.com/en/code-security/secret-scanning/introduction/supported-secret-scanning-patterns)
 */
const TOKENS: readonly RegExp[] = [
  /(?<![A-Za-z0-9])sp[ark]_[\w-]{16}/,
  /(?<![A-Za-z0-9])(?:gh[oprsu]_[A-Za-z0-9]{36}|github_pat_\w{20})/,
  /(?<![A-Za-z0-9])gl(?:pat|ptt|dt|rt|cbt|agent|oas|soat|ft|imt)-[\w-]{20}/,
  /(?<![A-Za-z0-9])(?:npm_[A-Za-z0-9]{36}|(?:pypi-|rubygems_|dckr_pat_)[\w-]{20})/,
  /(?<![A-Za-z0-9])(?:xox[a-z]|xapp)-[\w-]{10}|hooks\.slack\.com\/services\/\w{6}/,
  /(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Za-z0-9])/,
  /(?<![A-Za-z0-9])(?:AIza[\w-]{35}|(?:ya29\.|GOCSPX-)[\w-]{20})/,
  /(?<![A-Za-z0-9])(?:[rs]k_(?:live|test)_|whsec_)[A-Za-z0-9+/]{10}/,
  // The prefix of three characters occurs in Base64 by chance, so the rest has to match as well.
  /(?<![\w-])sk-(?:(?:proj|svcacct|admin|ant|or)-[\w-]{20}|(?=[A-Za-z]{0,19}\d)[A-Za-z0-9]{20})/,
  /(?<![\w-])hf_[A-Za-z]{34}/,
  /(?<![A-Za-z0-9])(?:SG\.|hvs\.|dop_v1_|shp(?:at|ca|pa|ss)_|PMAK-|lin_api_|figd_|xkeysib-)[\w-]{20}/,
  /(?<![A-Za-z0-9])(?:sntry[su]_|tskey-|ATATT3x|sq0[a-z]{3}-|EAACEdEose0cBA|AGE-SECRET-KEY-1)[\w-]{16}/,
  /(?<!\w)\d{8,10}:AA[\w-]{33}/,
  // A JWS has three parts (RFC 7515) and a JWE five (RFC 7516). Both begin with a JSON object.
  /(?<![\w-])eyJ[\w-]{8,4096}\.[\w-]{0,8192}\./,
  /\b(?:bearer|basic) (?=\S{0,40}\d)[\w+/.=~-]{16}/i,
  /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY/,
  /PuTTY-User-Key-File/,
]

/** Password hashes in the Modular Crypt Format and in the formats of LDAP (RFC 2307) and Django. */
const PASSWORD_HASHES: readonly RegExp[] = [
  /\$(?:2[abxy]?|argon2(?:id|i|d)|scrypt|pbkdf2[a-z\d-]{0,10}|[1567y]|gy|sm3|apr1)\$[\w./+=,$-]{8}/,
  /(?<![A-Za-z0-9])(?:pbkdf2_sha\d{1,3}|bcrypt(?:_sha256)?|argon2|scrypt)\$[\w./+=,$-]{8}/,
  /\{(?:S?SHA\d{0,3}|S?MD5|CRYPT|PBKDF2[A-Z\d-]{0,10}|ARGON2)\}[\w./+=$-]{12}/i,
]

/** Matches `://user:password@`. A port after the colon is not a password, and neither is a part of an IPv6 address. */
const CREDENTIALS = /:\/\/[^\s:@/?#[]{0,128}:(?!\d{0,5}(?:[/?#\s]|$))[^\s@]{1,256}@/
const ORACLE_CREDENTIALS = /jdbc:oracle:[a-z\d]{1,8}:[^\s/@]{1,64}\/[^\s@]{1,64}@/i

/** A secret after its name, such as in a query string, a connection string or a settings file. */
const ASSIGNED =
  /(?<![A-Za-z0-9])(?:password|passwd|pwd|passphrase|(?:client|consumer|app)?[_-]?secret|(?:api|access|account|private|secret|sharedaccess)[_-]?key|(?:access|refresh|auth|id|session)?[_-]?token|x-(?:amz|goog)-signature|sharedaccesssignature|(?<=[?&])sig) ?= ?(?!(?:true|false|null|none)\b)[^\s&;,]/i
/** Marks a string with a secret as a connection string. */
const DATABASE =
  /^jdbc:|(?<![A-Za-z0-9])(?:server|host|hostname|data source|addr|address|endpoint|accountname|dbname|database|initial catalog|dsn) ?=/i

/** The kind of secret in a string, by its form. A secret without a distinctive form is not found. */
export function kindOfSecret(text: string): 'connection_string' | 'secret' | undefined {
  if (CREDENTIALS.test(text) || ORACLE_CREDENTIALS.test(text)) return 'connection_string'
  if (ASSIGNED.test(text)) return DATABASE.test(text) ? 'connection_string' : 'secret'
  return [...TOKENS, ...PASSWORD_HASHES].some((pattern) => pattern.test(text)) ? 'secret' : undefined
}

/** The parameters that only private and symmetric keys have (RFC 7518, section 6). */
const PRIVATE_PARAMETERS: readonly string[] = ['d', 'k', 'p', 'q', 'dp', 'dq', 'qi']

/** The names of the secret members of a JWK. Any other object has none. */
export function privateParameters(value: object): readonly string[] {
  if (typeof Reflect.get(value, 'kty') !== 'string') return []
  return PRIVATE_PARAMETERS.filter((name) => typeof Reflect.get(value, name) === 'string')
}
