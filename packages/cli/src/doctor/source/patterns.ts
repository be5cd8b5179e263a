/** What a line of source may show, and which finding that is. */
export interface Pattern {
  readonly id: string
  /** Looks at one line of at most 2000 characters, and must not take long on any. */
  readonly pattern: RegExp
  /** What is said of it. The line itself may be a secret. */
  readonly seen: string
}

export const patterns: readonly Pattern[] = [
  {
    id: 'source-private-key',
    pattern: /-----BEGIN (?:[A-Z]{2,12} ){0,2}PRIVATE KEY-----/,
    seen: 'a private key in PEM',
  },
  {
    id: 'source-jwk',
    pattern: /["']?\bd["']?\s{0,4}:\s{0,4}["'][\w-]{40,}["']/,
    seen: 'the private member of a JWK',
  },
  {
    id: 'source-token',
    pattern: /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}/,
    seen: 'a JWT',
  },
  {
    id: 'source-secret',
    pattern:
      /\b(?:secret|client_?secret|jwt_?secret|secret_?or_?key|secret_?key|signing_?key|SALLYPORT_SECRET)["']?\s{0,4}[:=]\s{0,4}["'`][^"'`$\s]{8,}["'`]/i,
    seen: 'a secret as a string',
  },
  {
    id: 'source-secret',
    pattern: /\bjwt\.(?:sign|verify)\([^,)]{1,200},\s{0,4}["'`][^"'`$]{1,200}["'`]/,
    seen: 'the secret of a JWT as a string',
  },
  {
    id: 'source-password',
    pattern:
      /\b(?:rediss?|postgres(?:ql)?|mysql|mongodb(?:\+srv)?|amqps?):\/\/[^\s:/@"'`$]{0,64}:[^\s@"'`$]{3,200}@/i,
    seen: 'an address with a password',
  },
  {
    id: 'source-no-verification',
    pattern:
      /\bignoreExpiration["']?\s{0,4}:\s{0,4}true|\balgorithms["']?\s{0,4}:\s{0,4}\[[^\]]{0,100}["']none["']|\bjwt\.decode\(|\bjwtDecode\(/,
    seen: 'a token that is not verified',
  },
  {
    id: 'source-web-storage',
    pattern: /\b(?:local|session)Storage\.setItem\(\s{0,4}["'`][^"'`]{0,40}(?:token|jwt)/i,
    seen: 'a token in localStorage or sessionStorage',
  },
]
