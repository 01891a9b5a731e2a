import Lesion
import Shapley

/// Where measurements come from: what must be equal for them to be joined, and what a finished scan is recognised by.
package struct ScanOrigin: Codable, Hashable {
  /// Options that decide a result, by name, as text.
  package var options: [String: String]
  package var modelDigest: String
  package var dataDigest: String
  /// SHA-256 of the file that lesions take something from; `nil` where they take nothing from one.
  package var lesionDigest: String?
  /// SHA-256 of the file that the value takes something from; `nil` likewise.
  package var valueDigest: String?
  package var program: String
  package var onnxRuntime: String
  /// The rules that coalitions are drawn by.
  package var designVersion: Int
  /// The rules that masks of gradient passes are drawn by; `nil`: 1.
  package var gradientVersion: Int? = GradientDesign.version
  /// The share of the series that is measured; `nil` is all.
  package var part: ScanPart?

  package init(
    options: [String: String], modelDigest: String, dataDigest: String, lesionDigest: String? = nil, valueDigest: String? = nil,
    program: String, onnxRuntime: String, part: ScanPart? = nil
  ) {
    self.options = options
    designVersion = Design.version(drawsDonors: options["lesion"].flatMap(LesionKind.init)?.isDrawn ?? false)
    self.modelDigest = modelDigest
    self.dataDigest = dataDigest
    self.lesionDigest = lesionDigest
    self.valueDigest = valueDigest
    self.program = program
    self.onnxRuntime = onnxRuntime
    self.part = part
  }

  /// What a scan of this origin would do differently from another, in words; `nil` if nothing.
  package func difference(from other: ScanOrigin) -> String? {
    for name in Set(options.keys).union(other.options.keys).sorted() where options[name] != other.options[name] {
      // What --mediator freezes is among a scan's options by the name of the one that freezes by itself.
      let shown = name == "freeze" ? "freeze or --mediator" : name
      return "--\(shown) is \(options[name] ?? "not there") now and was \(other.options[name] ?? "not there") then"
    }
    if part != other.part {
      return "--part is \(part?.description ?? "not given") now and was \(other.part?.description ?? "not given") then"
    }
    if modelDigest != other.modelDigest { return "the model file has changed" }
    if dataDigest != other.dataDigest { return "the stimuli have changed" }
    if lesionDigest != other.lesionDigest { return "the file that lesions take something from has changed" }
    if valueDigest != other.valueDigest { return "the file that the value takes something from has changed" }
    if onnxRuntime != other.onnxRuntime {
      return "ONNX Runtime is \(onnxRuntime) now and was \(other.onnxRuntime) then, and the last bits of values may differ"
    }
    if designVersion != other.designVersion {
      return "coalitions are drawn by rules \(designVersion) now and were by rules \(other.designVersion) then"
    }
    if gradientVersion != other.gradientVersion {
      return
        "masks of gradient passes are drawn by rules \(gradientVersion ?? 1) now and were by rules \(other.gradientVersion ?? 1) then"
    }
    return program == other.program ? nil : "nnfmri-mpi is \(program) now and was \(other.program) then"
  }
}
