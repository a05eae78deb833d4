import type { Io } from '../io.ts'

/** An io that keeps what was written. */
export interface FakeIo extends Io {
  readonly stdout: () => string
  readonly stderr: () => string
  interrupt(): void
  hangUp(): void
}

export function fakeIo(env: Io['env'] = {}, cwd = '/', input = ''): FakeIo {
  const interruption = new AbortController()
  let [out, err] = ['', '']
  const listeners: (() => void)[] = []
  return {
    env,
    cwd,
    out: (text) => {
      out += text
    },
    err: (text) => {
      err += text
    },
    outTaken: async () => {},
    errWaiting: () => 0,
    outIsTty: false,
    errIsTty: false,
    interrupted: interruption.signal,
    stdout: () => out,
    stderr: () => err,
    input: async () => input,
    onHangup: (listener) => void listeners.push(listener),
    interrupt: () => interruption.abort('SIGINT'),
    hangUp: () => {
      for (const listener of listeners) listener()
    },
  }
}
