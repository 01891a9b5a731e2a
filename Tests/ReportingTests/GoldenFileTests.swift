import Foundation
import Reporting
import ScanResults
import Shapley
import TestSupport
import Testing

/// Files of a scan made by hand against files that were read by a person once. With NNFMRI_GOLDEN=write in the environment
/// they are written anew, to be read again in the change that needs it.
@Suite("Written results") struct GoldenFileTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "golden").path()

  @Test("are what they were", arguments: ["regions.tsv", "impact.json", "density.json"])
  func golden(name: String) throws {
    let folder = TemporaryFolder()
    try ScanFiles(HandmadeScan().result()).write([.tsv, .json], to: folder.path)
    let written = TemporaryFolder.read(folder.path(name))
    #expect(!written.isEmpty)
    let golden = "\(Self.folder)/\(name)"
    if ProcessInfo.processInfo.environment["NNFMRI_GOLDEN"] == "write" {
      try Data(written).write(to: URL(filePath: golden))
    }
    let (found, wanted) = (Self.words(written), Self.words(TemporaryFolder.read(golden)))
    #expect(found.count == wanted.count)
    for (found, wanted) in zip(found, wanted) { #expect(Self.agree(found, wanted), "\(found) instead of \(wanted)") }
  }

  private static func words(_ bytes: [UInt8]) -> [Substring] {
    String(decoding: bytes, as: UTF8.self).split { ",: \t\n[]".contains($0) }
  }

  /// Equal, or numbers that differ by rounding: processors have kernels of their own.
  private static func agree(_ one: Substring, _ other: Substring) -> Bool {
    guard one != other, let a = Double(one), let b = Double(other) else { return one == other }
    return abs(a - b) <= 1e-9 * max(1, abs(b))
  }

  @Test("have the ζ that arithmetic gives, without a rank or a session")
  func zeta() throws {
    let result = try HandmadeScan().result()
    for stimulus in 0..<HandmadeScan.stimulusCount {
      let zeta = try #require(result.layers[0].series[stimulus]).zeta
      for (found, truth) in zip(zeta, HandmadeScan.zeta(stimulus: stimulus)) { #expect(abs(found - truth) < 1e-5) }
    }
    let means = (0..<HandmadeScan.regionCount).map { 3 * Double($0) + ($0 >= 4 ? 3 : 0) }
    for (found, mean) in zip(result.layers[0].statistics.zeta, means) { #expect(abs(found - mean) < 1e-5) }
  }
}
