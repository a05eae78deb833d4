import { lookup, resolveSrv } from 'node:dns/promises'
import { canonicalHost, formatAddress } from '@swimkit/core'
import type { Seed } from './seed.ts'

/** The part of the domain name system that seeds need. */
export interface Resolver {
  /** All A and AAAA records, and what the hosts file says. */
  addresses(name: string, signal: AbortSignal): Promise<readonly string[]>
  services(
    name: string,
    signal: AbortSignal,
  ): Promise<readonly { readonly name: string; readonly port: number }[]>
}

/** A name server that does not answer must not hold up the others: each question has this long. */
const patience = 5_000

async function within<T>(work: Promise<T>, name: string, signal: AbortSignal): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  let onAbort = () => {}
  try {
    return await Promise.race([
      work,
      new Promise<never>((_, reject) => {
        timer = setTimeout(
          () => reject(new Error(`no answer for ${name} in ${patience / 1_000} s`)),
          patience,
        )
        onAbort = () => reject(signal.reason)
        signal.addEventListener('abort', onAbort, { once: true })
        if (signal.aborted) onAbort()
      }),
    ])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
  }
}

/** The system's resolver. */
export const systemResolver: Resolver = {
  async addresses(name, signal) {
    const found = await within(lookup(name, { all: true, verbatim: true }), name, signal)
    return found.map(({ address }) => address)
  },
  services: (name, signal) => within(resolveSrv(name), name, signal),
}

/** The addresses that can be dialled: no link-local ones, as those need a zone. */
const dialable = (hosts: readonly string[], port: number): string[] =>
  hosts.flatMap((text) => {
    const host = canonicalHost(text)
    return host === undefined || port === 0 ? [] : [formatAddress({ host, port })]
  })

/**
 * The addresses a seed stands for now, without repetition. Rejects where its name does not resolve. A target of SRV
 * records that does not resolve is left out as long as another does.
 */
export async function resolveSeed(
  seed: Seed,
  resolver: Resolver,
  signal: AbortSignal,
): Promise<readonly string[]> {
  switch (seed.kind) {
    case 'address':
      return dialable([seed.host], seed.port)
    case 'dns':
      return [...new Set(dialable(await resolver.addresses(seed.host, signal), seed.port))]
    case 'srv': {
      const targets = await resolver.services(seed.host, signal)
      const found = await Promise.allSettled(
        targets.map(async ({ name, port }) =>
          dialable(canonicalHost(name) ? [name] : await resolver.addresses(name, signal), port),
        ),
      )
      const addresses = found.flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
      const failed = found.find((result) => result.status === 'rejected')
      if (addresses.length === 0 && failed) throw failed.reason
      return [...new Set(addresses)]
    }
  }
}
