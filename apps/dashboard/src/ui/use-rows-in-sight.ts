import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { type RefObject, useLayoutEffect, useState } from 'react'

/** From as many on, only rows in sight are in the page. */
const VIRTUAL_FROM = 100
/** Until it has been measured. */
const ROW_HEIGHT_PX = 41

/** Which rows are in the page, and how much room those before and after them take, in pixels. */
export function useRowsInSight<Row>(rows: readonly Row[], body: RefObject<HTMLElement | null>) {
  const [top, setTop] = useState(0)
  const isVirtual = rows.length >= VIRTUAL_FROM
  // Whatever is above may grow: looked at whenever the rows are others.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  useLayoutEffect(() => {
    if (body.current) setTop(body.current.getBoundingClientRect().top + window.scrollY)
  }, [rows, body])

  const virtual = useWindowVirtualizer({
    count: rows.length,
    enabled: isVirtual,
    estimateSize: () => ROW_HEIGHT_PX,
    overscan: 10,
    scrollMargin: top,
  })
  const everything = rows.map((row, index) => ({ row, index }))
  if (!isVirtual) return { shown: everything, before: 0, after: 0, measure: undefined }
  const items = virtual.getVirtualItems()
  return {
    shown: items.flatMap(({ index }) => everything[index] ?? []),
    before: (items[0]?.start ?? top) - top,
    after: virtual.getTotalSize() - ((items.at(-1)?.end ?? top) - top),
    measure: virtual.measureElement,
  }
}
