import Foundation
import TestSupport
import Testing

extension DistributedTests {
  /// The table of values that a scan leaves, from the command line to the file, against plain arithmetic.
  @Suite struct `An acquisition` {
    /// The rows of an `.npy` file of float32. [rows x columns]
    private func table(_ bytes: [UInt8]) throws -> [[Float]] {
      let length = Int(bytes[8]) | Int(bytes[9]) << 8
      let header = String(decoding: bytes[10..<(10 + length)], as: UTF8.self)
      let shape = try #require(header.firstMatch(of: #/'shape': \((\d+), (\d+)\)/#))
      let columns = try #require(Int(shape.2))
      let values = bytes[(10 + length)...].withUnsafeBytes { buffer in
        (0..<buffer.count / 4).map { buffer.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
      }
      return stride(from: 0, to: values.count, by: columns).map { Array(values[$0..<($0 + columns)]) }
    }

    @Test(arguments: ["zero", "mean"], [1, 3])
    func `holds the value of every coalition under every lesion`(_ lesion: String, _ ranks: Int) throws {
      let network = SmallNetwork.perceptron
      let stimuli = 4
      let folder = TemporaryFolder()
      let files = try network.write(to: folder, stimuli: stimuli)
      let run = try ScanRun(
        files.options + [
          "--layers", "first,second", "--grid", "2x2x2", "--estimator", "exact", "--samples", "32", "--lesion", lesion,
          "--target", "2",
        ],
        ranks: ranks)
      try #require(run.command.exitCode == 0, "\(run.command)")
      let evaluator = PlainEvaluator(network)
      let inputs = try (0..<stimuli).map { try network.plainInputs($0, of: stimuli) }
      for (number, layer) in ["first", "second"].enumerated() {
        let measured = try table(try #require(run.files["acquisition/layer_\(number).npy"]))
        try #require(measured.count == stimuli && measured[0].count == 256)
        let intact = inputs.map { evaluator.run($0)[layer]!.elements }
        let units = intact[0].count
        let replacement = (0..<units).map { unit in
          lesion == "zero" ? 0 : intact.reduce(0) { $0 + $1[unit] } / Double(stimuli)
        }
        for (stimulus, values) in measured.enumerated() {
          for (row, value) in values.enumerated() {
            // Row 0 is the intact network and row 1 the wholly lesioned one; then all others by their masks.
            let mask = row == 0 ? 255 : row == 1 ? 0 : row - 1
            let tensors = evaluator.run(
              inputs[stimulus],
              replacing: [
                layer: { original in
                  var lesioned = original
                  for unit in 0..<units where mask >> (unit * 8 / units) & 1 == 0 {
                    lesioned.elements[unit] = replacement[unit]
                  }
                  return lesioned
                }
              ])
            let expected = tensors["logits"]!.elements[2]
            #expect(abs(Double(value) - expected) < 1e-5, "\(layer), stimulus \(stimulus), row \(row)")
          }
        }
      }
    }
  }
}
