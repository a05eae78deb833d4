import { Status } from '../model/status.ts'
import type { Settings } from './settings.ts'
import { tellingTime } from './tellings.ts'
import type { Millis } from './time.ts'

/**
 * How long a member that failed or left is kept in a group of n: as long as is set, and at least until the news of it has been told as often
 * as any update (`tellingTime`). Who forgets it sooner takes it for a newcomer when somebody who has not heard claims that it lives, and tells
 * others of it, for ever.
 */
export function retentionOf(settings: Settings, status: Status, n: number): Millis {
  const { failedRetention, leftRetention } = settings
  return Math.max(status === Status.Failed ? failedRetention : leftRetention, tellingTime(settings, n))
}
