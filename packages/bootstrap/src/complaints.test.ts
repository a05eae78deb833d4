import { expect, it } from 'vitest'
import { Complaints } from './complaints.ts'

it('the same is said again after ten minutes, another code at once, and all anew once it worked', () => {
  const said: string[] = []
  let now = 0
  const logger = { enabled: () => true, log: (_: unknown, message: string) => void said.push(message) }
  const complaints = new Complaints(logger, () => now)
  const say = (code: string) => complaints.say('a seed', code, 'warn', `${code} at ${now}`, {})
  say('timeout')
  now = 599_999
  say('timeout')
  say('refused')
  now = 1_199_999
  say('refused')
  complaints.forget()
  say('refused')
  expect(said).toEqual(['timeout at 0', 'refused at 599999', 'refused at 1199999', 'refused at 1199999'])
})

it('of very many things the latest 256 are remembered', () => {
  let said = 0
  const complaints = new Complaints({ enabled: () => true, log: () => void said++ }, () => 0)
  const say = (of: number) => complaints.say(String(of), 'timeout', 'warn', '', {})
  for (let of = 0; of < 300; of++) say(of)
  say(299)
  say(44)
  expect(said).toBe(300)
  say(43)
  expect(said).toBe(301)
})
