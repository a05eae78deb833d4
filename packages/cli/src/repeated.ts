/** For an option that may be given several times: its values, in their order. */
export const repeated = (value: string, earlier: readonly string[] | undefined): readonly string[] => [
  ...(earlier ?? []),
  value,
]
