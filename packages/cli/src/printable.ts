const unprintable = /[\p{C}\p{Zl}\p{Zp}]/gu

/**
 * A sentence with whatever would move the cursor, hide or turn the line around as an escape. Unlike core's
 * `escapeForPrint`, which is for single names, it leaves quotes alone and cuts nothing off.
 */
export const printable = (text: string): string =>
  text.replace(unprintable, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`)
