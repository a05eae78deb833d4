import type { Simulation } from '../simulation.ts'
import { Agreement } from './agreement.ts'
import { Detection, type DetectionReport } from './detection.ts'
import { Dissemination, type DisseminationReport } from './dissemination.ts'
import { type FalsePositiveReport, FalsePositives } from './false-positives.ts'
import { Load, type LoadMark, type LoadReport } from './load.ts'

export interface MeasuresReport {
  readonly detection: DetectionReport
  readonly dissemination: DisseminationReport
  readonly falsePositives: FalsePositiveReport
  readonly load: LoadReport
}

/** All measures of one simulation, from now on. What they keep grows with nodes and deaths, and not with packets. */
export class Measures {
  readonly detection: Detection
  readonly dissemination: Dissemination
  readonly falsePositives: FalsePositives
  readonly load: Load
  readonly agreement: Agreement
  readonly #begin: LoadMark

  constructor(simulation: Simulation) {
    this.detection = new Detection(simulation)
    this.dissemination = new Dissemination(simulation, this.detection)
    this.falsePositives = new FalsePositives(simulation)
    this.load = new Load(simulation)
    this.agreement = new Agreement(simulation)
    this.#begin = this.load.mark()
  }

  report(): MeasuresReport {
    return {
      detection: this.detection.report(),
      dissemination: this.dissemination.report(),
      falsePositives: this.falsePositives.report(),
      load: this.load.between(this.#begin, this.load.mark()),
    }
  }
}
