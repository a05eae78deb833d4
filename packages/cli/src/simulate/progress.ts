import pc from 'picocolors'
import { type Io, wantsColour } from '../io.ts'

export interface ProgressLine {
  update(run: number, share: number): void
  /** Takes the line off the terminal. */
  end(): void
  /** How far it is: `12 % of 3 runs`. */
  done(): string
}

/** One line on a terminal that says how far the runs are; nothing where stderr is a pipe or a file. */
export function progressLine(io: Io, runs: number): ProgressLine {
  const { dim } = pc.createColors(wantsColour(io.env, io.errIsTty))
  const shares = new Float64Array(runs)
  let shown = ''
  const done = (): string => {
    const percent = Math.floor((100 * shares.reduce((sum, share) => sum + share, 0)) / runs)
    return runs === 1 ? `${percent} %` : `${percent} % of ${runs} runs`
  }
  return {
    done,
    update(run, share) {
      shares[run] = share
      if (!io.errIsTty) return
      const line = `simulated ${done()}`
      if (line === shown) return
      shown = line
      io.err(`\r\u001b[K${dim(line)}`)
    },
    end() {
      if (shown !== '') io.err('\r\u001b[K')
      shown = ''
    },
  }
}
