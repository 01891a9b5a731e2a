package import Grids
package import ModelGraph
package import Networks
package import Stimuli

/// What a reference is to be learnt from.
package struct LearningRequest: Sendable {
  /// Regions' ζ of a layer of a finished scan, and the grid that they are of; no lengths where they are of none.
  package struct Zeta: Sendable {
    package var grid: [Int]
    package var zeta: [Double]

    package init(grid: [Int], zeta: [Double]) {
      (self.grid, self.zeta) = (grid, zeta)
    }
  }

  /// An ONNX file.
  package var model: String
  package var data: String
  package var preprocessing = Preprocessing()
  package var resize: String?
  package var crop: String?
  package var layers = LayerSelection.automatic
  package var grid = GridSize.standard
  package var reading = ReadoutRequest()
  /// How many stimuli are learnt from: the first ones of the files; `nil` is all of them.
  package var stimuli: Int?
  package var seed: UInt64 = 42
  package var threads = 1
  package var batch = 16
  /// How many stimuli are stored to test the network itself by.
  package var selfTests = 32
  /// The folder of a scan, and the ζ of its layers by tensor.
  package var scan: String?
  package var zeta: [String: Zeta] = [:]

  package init(model: String, data: String) {
    (self.model, self.data) = (model, data)
  }
}
