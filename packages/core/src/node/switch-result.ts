import type { SwitchOutcome } from '../engine/configuration.ts'
import type { Detector } from '../engine/detector.ts'
import type { ClusterConfig } from '../wire/message.ts'
import { SwitchError } from './errors.ts'

/** Names in an error's text, at most. */
const namesShown = 10

/** What a switch came to, as a result or an error. */
export function configOf(outcome: SwitchOutcome, detector: string, own: readonly Detector[]): ClusterConfig {
  const wanted = JSON.stringify(detector)
  switch (outcome.kind) {
    case 'switched':
      return outcome.config
    case 'unknown': {
      const names = own.map(({ name }) => name).join(', ')
      throw new SwitchError(
        'unknown-detector',
        [],
        `cannot switch to ${wanted}: this node was started with ${names}`,
      )
    }
    case 'missing': {
      const { members } = outcome
      const shown = members.slice(0, namesShown).join(', ')
      const more = members.length > namesShown ? ` and ${members.length - namesShown} more` : ''
      throw new SwitchError(
        'detector-missing',
        members,
        `cannot switch to ${wanted}: ${shown}${more} ${members.length === 1 ? 'does' : 'do'} not have it`,
      )
    }
  }
}
