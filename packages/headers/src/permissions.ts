import { schema } from '@sallyport/core/sink'

const { custom, distinctArray, group, optional, parse } = schema

/**
 * Who may use a feature: `self` is the page itself, and an origin such as `https://pay.example.com` is a frame of that
 * origin. An empty array means nobody.
 */
export type AllowList = readonly string[]

const origin = custom<string>(
  (given) =>
    typeof given === 'string' && (given === 'self' || /^https:\/\/[a-z0-9.-]+(:\d{1,5})?$/.test(given)),
  '"self", or an origin such as "https://pay.example.com"',
)
const nobody = optional(distinctArray(origin, 'an array of "self" and origins'), [])

/** The features that are off unless an option opens them. All others are as the browser has them. */
const features = [
  'accelerometer',
  'bluetooth',
  'camera',
  'display-capture',
  'geolocation',
  'gyroscope',
  'hid',
  'identity-credentials-get',
  'idle-detection',
  'local-fonts',
  'magnetometer',
  'microphone',
  'midi',
  'otp-credentials',
  'payment',
  'publickey-credentials-create',
  'publickey-credentials-get',
  'screen-wake-lock',
  'serial',
  'storage-access',
  'usb',
  'window-management',
  'xr-spatial-tracking',
] as const

/** A feature of the browser that `Permissions-Policy` turns off by default. */
export type PowerfulFeature = (typeof features)[number]

const permissions = group(Object.fromEntries(features.map((feature) => [feature, nobody])))

/** The value of `Permissions-Policy`. Throws a `ConfigError` that names the wrong option. */
export function parsePermissions(given: object, path: string): string {
  return Object.entries(parse(permissions, given, { path }))
    .map(
      ([feature, list]) => `${feature}=(${list.map((one) => (one === 'self' ? one : `"${one}"`)).join(' ')})`,
    )
    .join(', ')
}
