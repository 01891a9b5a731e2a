import ArgumentParser
import Scan

/// What is scanned: the user's network and stimuli, or the built-in phantom.
struct ScanSubject {
  let model: String
  let data: String
  let output: String

  init(_ options: ScanOptions, writesPhantom: Bool) throws {
    if let model = options.model, let data = options.data {
      self.model = model
      self.data = data
      output = options.out ?? "nnfmri-scan"
    } else {
      throw ScanError(.usage, "phantom pending")
    }
  }

  /// Lines on how the finding compares with the truth, where it is known.
  func verdict(on result: ScanResult) -> [String] { [] }
}
