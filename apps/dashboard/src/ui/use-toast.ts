import { createContext, use } from 'react'

export type ToastTone = 'good' | 'bad'
export type Say = (tone: ToastTone, text: string) => void

export const ToastContext = createContext<Say>(() => {})

/** Says what came of something: shortly, in a corner, and to screen readers. What has to be acted on belongs in the view. */
export const useToast = (): Say => use(ToastContext)
