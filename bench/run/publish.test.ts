import { expect, test } from 'vitest'
import { between } from './publish.mts'

const page =
  '# A\n\n<!-- measured: one -->\n\nold\n\n<!-- end -->\n\ntext\n\n<!-- measured: two -->\n<!-- end -->\n'

test('what was measured takes the place of what stood there', () => {
  const once = between(page, 'one', '\nnew\n')
  expect(once).toBe(page.replace('old', 'new'))
  expect(between(once, 'one', 'new')).toBe(once)
  expect(between(page, 'two', '$& stays')).toContain('<!-- measured: two -->\n\n$& stays\n\n<!-- end -->')
})

test('a page without a place for it is an error', () => {
  expect(() => between(page, 'three', '')).toThrow('docs/performance.md has no place for three')
  expect(() => between('<!-- measured: one -->', 'one', '')).toThrow('has no place for one')
})
