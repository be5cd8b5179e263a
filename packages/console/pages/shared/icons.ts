import { draw } from './dom.ts'

const paths = {
  computer: ['M6 5h12a1 1 0 0 1 1 1v9H5V6a1 1 0 0 1 1-1z', 'M2.5 18.5h19'],
  phone: ['M8 3h8a1 1 0 0 1 1 1v16a1 1 0 0 1-1 1H8a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1z', 'M11 18h2'],
  program: [
    'M5 5h14a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1z',
    'M8 9.5l2.5 2.5L8 14.5',
    'M13 15h3',
  ],
  key: ['M8 11a4 4 0 1 0 0 8a4 4 0 0 0 0-8z', 'M11 12.2L19.5 4', 'M16 7.5l3 3'],
  plain: ['M12 9a3 3 0 1 0 0 6a3 3 0 0 0 0-6z'],
  good: ['M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18z', 'M8 12.5l2.7 2.7L16 9.5'],
  note: ['M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18z', 'M12 11v5', 'M12 8v.01'],
  bad: ['M12 4L2.8 20h18.4z', 'M12 10v4.5', 'M12 17.2v.01'],
} as const

export type IconName = keyof typeof paths

/** An icon beside words that say the same. */
export function icon(name: IconName): SVGSVGElement {
  return draw(
    'svg',
    { class: `icon ${name}`, viewBox: '0 0 24 24', 'aria-hidden': true, focusable: 'false' },
    ...paths[name].map((d) => draw('path', { d })),
  )
}

/** The mark of the product, as in the icon of the page. */
export function mark(): SVGSVGElement {
  return draw(
    'svg',
    { class: 'mark', viewBox: '0 0 32 32', 'aria-hidden': true, focusable: 'false' },
    draw('rect', { width: 32, height: 32, rx: 7 }),
    draw('path', { d: 'M9 26V15a7 7 0 0 1 14 0v11z' }),
    draw('circle', { cx: 19.5, cy: 19, r: 1.5 }),
  )
}

export function deviceIcon(device: string | null): SVGSVGElement {
  if (device === null || !/ on /.test(device)) return icon('program')
  return icon(/Android|iOS|iPhone|Mobile/i.test(device) ? 'phone' : 'computer')
}
