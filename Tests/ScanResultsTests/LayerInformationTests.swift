import Anatomy
import Distribution
import Testing

@testable import ScanResults

@Suite struct `Information content of a layer` {
  @Test(arguments: [1, 2, 3, 5, 7, 100]) func `is the same however many tasks measure it`(share: Int) {
    let (stimuli, regions) = (48, 7)
    let labels = (0..<stimuli).map { $0 % 3 }
    func density(_ stimulus: Int, _ region: Int) -> Double {
      Double((stimulus * 31 + region * 17) % 23 + stimulus % 3 * region)
    }
    let densities = (0..<stimuli).map { stimulus in (0..<regions).map { density(stimulus, $0) } }
    func measured(_ task: InformTask) -> LayerInformation {
      LayerInformation(densities: task.densities, labels: task.labels, blocks: task.blocks, seed: 5, layer: task.layer)
    }
    let blocks = LabelBlocks(numbers: (0..<stimuli).map { $0 / 4 })
    let whole = LayerInformation(densities: densities.flatMap { $0 }, labels: labels, blocks: blocks, seed: 5, layer: 2)
    let tasks = InformTask.tasks(layer: 2, labels: labels, blocks: blocks, densities: densities, regions: share)
    #expect(tasks.count == (regions + share - 1) / share && tasks.allSatisfy { $0.blocks == blocks })
    let joined = LayerInformation(joining: tasks.map(measured))
    #expect(joined.bits == whole.bits && joined.pValues == whole.pValues && whole.bits.count == regions)
  }
}
