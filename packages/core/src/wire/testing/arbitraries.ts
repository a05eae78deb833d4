/** The messages that third-party codecs are tried with: kept once, beside the cases that a user runs. */
export * from '../../../../conformance/src/codec/arbitraries.ts'
