import { defineConfig, type Options } from 'tsup'

/**
 * Declarations of the packages that one builds on are read as they were built, and not made of their sources once more. tsup sets an option
 * that this TypeScript warns of.
 */
export const declarations: Options['dts'] & object = {
  compilerOptions: { ignoreDeprecations: '6.0', customConditions: [] },
}

export default defineConfig({
  entry: ['src/index.ts'],
  format: ['esm'],
  target: 'es2022',
  platform: 'neutral',
  external: [/^node:/],
  dts: declarations,
  sourcemap: true,
  clean: true,
  treeshake: true,
})
