import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The quickest first: what notices a mutant spares it the rest. */
const ORDER = ['/test/unit/', '/test/contract/', '/test/options/', '/test/conformance/']

const place = ({ moduleId }: TestSpecification): number =>
  ORDER.findIndex((folder) => moduleId.includes(folder))

export class QuickFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((a, b) => place(a) - place(b) || (a.moduleId < b.moduleId ? -1 : 1))
  }
}
