const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A duration as people write it, in milliseconds: seconds, or with a unit (`500ms`, `2m`). NaN if it is none. */
export function parseDuration(text: string | number): number {
  if (typeof text === 'number') return text >= 0 ? text * 1_000 : Number.NaN
  const match = /^(\d+(?:\.\d+)?|\.\d+)\s*(ms|s|m|h|d)?$/.exec(text.trim())
  if (!match) return Number.NaN
  const ms = Number(match[1]) * units[match[2] ?? 's']!
  return Math.round(ms * 1_000) / 1_000
}

/** The shortest way to write a duration: `500ms`, `2m`, `1.5s`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0'
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const size = units[unit]!
    if (ms >= size && (ms % size === 0 || unit === 's'))
      return `${Math.round((ms / size) * 1_000) / 1_000}${unit}`
  }
  return `${Math.round(ms * 1_000) / 1_000}ms`
}
