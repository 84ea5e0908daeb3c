/** What is used of @xmpp/client 0.14, which comes without types, here and by the tests. */
declare module '@xmpp/client' {
  import type { EventEmitter } from 'node:events'
  import type { Socket } from 'node:net'

  export interface Element {
    readonly name: string
    readonly attrs: Readonly<Record<string, string | undefined>>
    getChildren(name: string, xmlns?: string): Element[]
    getChildText(name: string, xmlns?: string): string | null
    getText(): string
  }

  /** Attributes that are undefined are left out; texts are escaped. */
  export function xml(
    name: string,
    attributes: Readonly<Record<string, string | undefined>>,
    ...children: readonly (Element | string)[]
  ): Element

  /** Events: `online`, at each login; `disconnect`; `error`; `stanza` for each message, presence and iq. */
  export interface Client extends EventEmitter {
    readonly socket: Socket | null
    readonly reconnect: { stop(): void }
    readonly iqCaller: { get(query: Element): Promise<Element>; set(query: Element): Promise<Element> }
    readonly iqCallee: {
      set(xmlns: string, name: string, handle: (context: { readonly element: Element }) => true): void
    }
    /** Settles when it is online. */
    start(): Promise<{ toString(): string }>
    stop(): Promise<unknown>
    send(stanza: Element): Promise<void>
  }

  export function client(options: {
    readonly service: string
    readonly domain: string
    readonly resource?: string
    readonly username: string
    readonly password: string
  }): Client
}
