// Of its own, to be loaded when a file is given: the library is CommonJS, and a dynamic import of it has no names once bundled.
export { parse as parseYaml } from 'yaml'
