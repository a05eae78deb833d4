import type { Context, Hono } from 'hono'
import { ApiError } from './api-error.ts'
import type { Caller } from './caller.ts'

/** What a token lets do; `admin` may do what `read` may. */
export type Scope = 'read' | 'admin'

/** What a handler finds in its context: who calls, and what they may. */
export interface ControlEnv {
  readonly Bindings: Caller
  // Mutable: that is how Hono wants it.
  Variables: { scope: Scope | undefined }
}
export type ControlContext = Context<ControlEnv>
export type Handler = (c: ControlContext) => Response | Promise<Response>

/** What is done for a method, and for whom. `open` needs no token. */
export interface Route<S extends Scope | 'open' = Scope | 'open'> {
  readonly scope: S
  readonly handle: Handler
}
/** A handler alone is none: whoever adds a path has to say for whom it is. Whatever changes something is for `admin`. */
export interface Methods {
  readonly GET?: Route
  readonly POST?: Route<'admin'>
}
export type Routes = Readonly<Record<string, Methods>>

export const open = (handle: Handler): Route<'open'> => ({ scope: 'open', handle })
export const read = (handle: Handler): Route<'read'> => ({ scope: 'read', handle })
export const admin = (handle: Handler): Route<'admin'> => ({ scope: 'admin', handle })

/** The paths that need no token. */
export const openPaths = (routes: Routes): ReadonlySet<string> =>
  new Set(Object.keys(routes).filter((path) => routes[path]?.GET?.scope === 'open'))

/** Serves them, each to those it is for; another method than theirs is refused with what is allowed. */
export function mount(app: Hono<ControlEnv>, routes: Routes, refused: (c: ControlContext) => void): void {
  const only =
    ({ scope, handle }: Route): Handler =>
    (c) => {
      if (scope === 'admin' && c.get('scope') !== 'admin') {
        refused(c)
        throw new ApiError(403, 'scope', 'this needs the admin token: the one that was given only reads')
      }
      return handle(c)
    }
  for (const [path, methods] of Object.entries(routes)) {
    const allow = Object.keys(methods).flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
    if (methods.GET) app.get(path, only(methods.GET))
    if (methods.POST) app.post(path, only(methods.POST))
    app.all(path, () => {
      throw new ApiError(405, 'method', `must be ${allow.join(' or ')}`, { allow: allow.join(', ') })
    })
  }
}
