import type { Coordinates } from '@sallyport/core'

/** A city, which is the second number of all of its addresses. */
export interface City extends Coordinates {
  readonly name: string
  /** How many of the people live there, in relation to the others. */
  readonly weight: number
}

export const cities: readonly City[] = [
  { name: 'Hamburg', latitude: 53.55, longitude: 9.99, weight: 3 },
  { name: 'Berlin', latitude: 52.52, longitude: 13.4, weight: 5 },
  { name: 'Munich', latitude: 48.14, longitude: 11.58, weight: 3 },
  { name: 'Paris', latitude: 48.86, longitude: 2.35, weight: 4 },
  { name: 'Madrid', latitude: 40.42, longitude: -3.7, weight: 2 },
  { name: 'Stockholm', latitude: 59.33, longitude: 18.07, weight: 1 },
  { name: 'Istanbul', latitude: 41.01, longitude: 28.98, weight: 1 },
  { name: 'New York', latitude: 40.71, longitude: -74.01, weight: 1 },
  { name: 'Singapore', latitude: 1.35, longitude: 103.82, weight: 0 },
  { name: 'São Paulo', latitude: -23.55, longitude: -46.63, weight: 0 },
]

/** What the addresses of a network are used for. The third number of an address tells it. */
const kinds = { home: 0, office: 90, mobile: 95, hotel: 100, vpn: 105, attacker: 110 } as const
export type NetworkKind = keyof typeof kinds

/** A synthetic plan within 10.0.0.0/8 (RFC 1918), which the library treats like any other addresses. */
export function addressIn(city: number, kind: NetworkKind, nth: number): string {
  return `10.${city}.${kinds[kind] + Math.floor(nth / 250)}.${1 + (nth % 250)}`
}

/** Where an address is, as a data base of networks would tell it. It does not know which ones belong to a VPN. */
export function locate(ip: string): Coordinates | undefined {
  return cities[Number(ip.split('.')[1])]
}

export interface Flight {
  readonly from: number
  readonly to: number
  /** Along a great circle. */
  readonly kilometres: number
}

export const flights: readonly Flight[] = [
  { from: 0, to: 4, kilometres: 1785 },
  { from: 1, to: 4, kilometres: 1868 },
  { from: 1, to: 6, kilometres: 1738 },
  { from: 2, to: 4, kilometres: 1484 },
  { from: 3, to: 5, kilometres: 1543 },
  { from: 3, to: 7, kilometres: 5837 },
  { from: 4, to: 6, kilometres: 2739 },
  { from: 5, to: 6, kilometres: 2174 },
  { from: 6, to: 3, kilometres: 2256 },
  { from: 7, to: 3, kilometres: 5837 },
]
