import Distribution
import Lesion
import Networks
import OnnxRuntime

/// Check a layer's cut: prefix, then suffix with nothing lesioned, against the whole model, on the first stimulus.
/// Output: how far they are apart, as a share of the largest score.
package struct VerifyTask: RankTask, Hashable {
  package var layer = 0

  package init() {}

  package init(layer: Int) {
    self.layer = layer
  }

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) { try coder.code(&layer) }

  func run(on worker: Worker, pause: () throws -> Void) throws -> Double {
    let network = try worker.makeNetwork(layer, lesion: .zero)
    let outputs = try worker.observe(stimulus: 0, of: worker.feed)
    return try network.deviation(from: UnsafeBufferPointer(outputs[0].floats), stimulus: 0)
  }
}
