/** What is used of @xmpp/component 0.13, which comes without types. */
declare module '@xmpp/component' {
  import type { EventEmitter } from 'node:events'
  import type { Socket } from 'node:net'

  export interface Element {
    readonly name: string
    readonly attrs: Readonly<Record<string, string | undefined>>
    /** Without a prefix. */
    getName(): string
    getChild(name: string, xmlns?: string): Element | undefined
    getChildren(name: string, xmlns?: string): Element[]
    getChildElements(): Element[]
    getChildText(name: string, xmlns?: string): string | null
    getText(): string
    is(name: string, xmlns?: string): boolean
    toString(): string
  }

  /** Attributes that are undefined are left out; texts are escaped. */
  export function xml(
    name: string,
    attributes: Readonly<Record<string, string | undefined>>,
    ...children: readonly (Element | string)[]
  ): Element

  /**
   * Events: `online` when authenticated, `disconnect`, `error` (also for what is only a bad stanza), `connect`, and
   * `stanza` for each message, presence and iq.
   */
  export interface Component extends EventEmitter {
    /** For each step of connecting and of closing, in milliseconds. */
    timeout: number
    readonly socket: Socket | null
    readonly reconnect: { stop(): void }
    connect(service: string): Promise<void>
    open(options: { readonly domain: string }): Promise<Element>
    send(stanza: Element): Promise<void>
    /** Ends the stream, then the connection. */
    stop(): Promise<unknown>
    _onData(data: Buffer | string): void
    _onSeeOtherHost(error: unknown): Promise<void>
  }

  export function component(options: {
    readonly service: string
    readonly domain: string
    readonly password: string
  }): Component
}
