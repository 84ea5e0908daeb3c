import styles from './icon.module.css'

// Drawn for this dashboard on a grid of 16, in lines of 1.5.
const SHAPES = {
  overview: 'M2 8.5a6 6 0 1 1 12 0M8 8.5l2.6-3M3 12.5h10',
  users:
    'M6 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM1.5 13.5c0-2.5 2-4 4.5-4s4.5 1.5 4.5 4M10.5 2.8a2.5 2.5 0 0 1 0 4.6M12 9.8c1.6.6 2.5 1.9 2.5 3.7',
  refreshes: 'M13.5 8a5.5 5.5 0 0 1-9.8 3.4M2.5 8a5.5 5.5 0 0 1 9.8-3.4M12.5 1.8v3h-3M3.5 14.2v-3h3',
  failures: 'M8 2 14.5 13.5h-13L8 2ZM8 6.5v3M8 11.6v.01',
  changes: 'M2 4.5h6M2 8h4M2 11.5h6M12 3v7M9.5 8 12 10.5 14.5 8M10 13.5h4',
  queues: 'M2 3.5h12M2 6.5h12M2 9.5h8M2 12.5h5',
  processes:
    'M4.5 4.5h7v7h-7zM6.5 4.5v-3M9.5 4.5v-3M6.5 14.5v-3M9.5 14.5v-3M4.5 6.5h-3M4.5 9.5h-3M14.5 6.5h-3M14.5 9.5h-3',
  settings:
    'M2 4.5h5M11 4.5h3M9 6.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM2 11.5h2M8 11.5h6M6 13.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z',
  good: 'M8 14.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM5 8.2l2.1 2.1L11 6',
  bad: 'M8 14.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4',
  idle: 'M8 14.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM5.5 8h5',
  busy: 'M8 1.5a6.5 6.5 0 1 1-6.5 6.5M8 4.5V8l2.4 1.6',
  info: 'M8 14.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM8 7.5v3.6M8 4.9v.01',
  pause: 'M5.5 3v10M10.5 3v10',
  play: 'M4.5 2.5v11l9-5.5-9-5.5Z',
  table: 'M2 3h12v10H2zM2 6.4h12M2 9.7h12M6.5 6.4V13',
  chart: 'M2 2.5v11h12M4.5 10.5l3-4 2.5 2 3.5-5',
  find: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10ZM10.7 10.7 14 14',
  close: 'M3.5 3.5l9 9M12.5 3.5l-9 9',
  menu: 'M2 4h12M2 8h12M2 12h12',
  up: 'M8 13V3M4 7l4-4 4 4',
  down: 'M8 3v10M4 9l4 4 4-4',
  right: 'M6 3.5 10.5 8 6 12.5',
  left: 'M10 3.5 5.5 8l4.5 4.5',
  copy: 'M5.5 5.5v-4h9v9h-4M1.5 5.5h9v9h-9z',
  plus: 'M8 2.5v11M2.5 8h11',
  minus: 'M2.5 8h11',
  pencil: 'M10.5 2.5l3 3-8 8h-3v-3l8-8Z',
  trash: 'M2.5 4h11M6 4V2h4v2M4 4l.7 10h6.6L12 4M6.5 7v4M9.5 7v4',
  key: 'M5.5 14a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM8 8l6-6M11 5l2 2',
  person: 'M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM2.5 14c0-2.8 2.4-4.5 5.5-4.5s5.5 1.7 5.5 4.5',
  leave: 'M6 2.5H2.5v11H6M10 5l3.5 3L10 11M13 8H6',
  help: 'M8 14.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM6 6.2c.2-1.2 1-1.8 2-1.8 1.2 0 2 .8 2 1.8 0 1.6-2 1.6-2 3M8 11.5v.01',
  compare: 'M5 2.5v11M2.5 11 5 13.5 7.5 11M11 13.5v-11M8.5 5 11 2.5 13.5 5',
} as const

export type IconName = keyof typeof SHAPES

/** As large as the text beside it, which says the same in words. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg className={styles.icon} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={SHAPES[name]} />
    </svg>
  )
}
