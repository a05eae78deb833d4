import type { Io } from '../io.ts'

/** An io that keeps what was written. */
export interface FakeIo extends Io {
  readonly stdout: () => string
  readonly stderr: () => string
  interrupt(): void
}

export function fakeIo(env: Io['env'] = {}, cwd = '/'): FakeIo {
  const interruption = new AbortController()
  let [out, err] = ['', '']
  return {
    env,
    cwd,
    out: (text) => {
      out += text
    },
    err: (text) => {
      err += text
    },
    outIsTty: false,
    errIsTty: false,
    interrupted: interruption.signal,
    stdout: () => out,
    stderr: () => err,
    interrupt: () => interruption.abort('SIGINT'),
  }
}
