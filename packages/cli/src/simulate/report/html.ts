const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text as it may stand between tags and in quoted attributes. Control and format characters are spelled out. */
export const escapeHtml = (text: string): string =>
  text
    .replace(/[&<>"']/g, (character) => entities[character]!)
    .replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`)

/** A table with a caption for those who do not see the chart above it. Cells are escaped here. */
export function htmlTable(
  caption: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const cells = (row: readonly string[]): string =>
    row
      .map((cell, i) =>
        i === 0 ? `<th scope="row">${escapeHtml(cell)}</th>` : `<td>${escapeHtml(cell)}</td>`,
      )
      .join('')
  return `<div class="scroll"><table><caption>${escapeHtml(caption)}</caption>
<thead><tr>${head.map((text) => `<th scope="col">${escapeHtml(text)}</th>`).join('')}</tr></thead>
<tbody>${rows.map((row) => `<tr>${cells(row)}</tr>`).join('\n')}</tbody></table></div>`
}

export interface Figure {
  readonly title: string
  /** What there is to see, in a sentence or two. */
  readonly text: string
  /** Undefined where there is nothing to draw: `text` says so. */
  readonly svg: string | undefined
  /** The same as figures. */
  readonly table: string | undefined
}

/** A chart with its title, what it says, and its figures to unfold. */
export function figureHtml({ svg, table, text, title }: Figure, id: string): string {
  return `<figure id="${id}">
<figcaption><h2>${escapeHtml(title)}</h2><p>${escapeHtml(text)}</p></figcaption>
${svg === undefined ? '' : named(svg, id, title, text)}
${table === undefined ? '' : `<details><summary>The figures</summary>${table}</details>`}
</figure>`
}

/** Gives a drawing a name and a description for those who do not see it. */
const named = (svg: string, id: string, title: string, text: string): string =>
  svg.replace(
    /^<svg ([^>]*)>/,
    (_, attributes: string) =>
      `<svg role="img" aria-labelledby="${id}-t ${id}-d" ${attributes}><title id="${id}-t">${escapeHtml(title)}</title><desc id="${id}-d">${escapeHtml(text)}</desc>`,
  )
