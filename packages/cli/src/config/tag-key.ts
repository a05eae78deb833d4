/** Whether a text can be the key of a tag: 1 to 64 bytes without spaces, control characters or `=`. */
export const isTagKey = (key: string): boolean =>
  /^[^\s=\p{Cc}]+$/u.test(key) && new TextEncoder().encode(key).length <= 64
