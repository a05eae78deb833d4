import { parseHostPort } from '@swimkit/bootstrap'

/** Whether a text is a host name or an IP literal without brackets. */
export const isHost = (text: string): boolean => {
  const parsed = parseHostPort(text)
  return parsed !== undefined && parsed.port === undefined && !text.startsWith('[')
}
