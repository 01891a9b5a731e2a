internal import Glibc

/// The values of all series on disk: one `.npy` file a layer, float32, [stimuli x rows], in design order.
///
/// Rows are written as series complete, in any order, so the scan holds in memory only what is being measured. Series
/// that were skipped, or not yet measured, are NaN.
final class AcquisitionStore {
  private let files: [RowFile]

  /// Creates the folder and its files.
  ///
  /// - Throws: `ScanError` (`cannotWrite`) if that can't be done.
  init(folder: String, plan: ScanPlan) throws {
    try makeFolder(folder)
    files = try plan.layers.map {
      try RowFile(Self.file(folder, $0.number), rows: plan.stimulusCount, columns: $0.rows)
    }
  }

  /// Writes a series. - Parameter values: [rows].
  func write(_ values: [Float], layer: Int, stimulus: Int) throws {
    try files[layer].write(values, row: stimulus)
  }

  /// Reads a series back, [rows].
  func read(layer: Int, stimulus: Int) throws -> [Float] {
    try files[layer].read(row: stimulus)
  }

  /// Makes everything written durable.
  func synchronize() throws {
    for file in files { try file.synchronize() }
  }

  /// The file of a layer in the folder of an acquisition.
  static func file(_ folder: String, _ layer: Int) -> String {
    "\(folder)/layer_\(layer).npy"
  }
}

extension ScanError {
  /// The last system call on a path failed.
  static func cannotWrite(_ path: String) -> ScanError {
    ScanError(.cannotWrite, "\(path): \(String(cString: strerror(errno))); choose another folder with --out")
  }
}

/// Makes a folder and those above it.
package func makeFolder(_ path: String) throws(ScanError) {
  var made = path.hasPrefix("/") ? "/" : ""
  for component in path.split(separator: "/") {
    made += component + "/"
    guard mkdir(made, 0o755) == 0 || errno == EEXIST else { throw ScanError.cannotWrite(path) }
  }
  var status = stat()
  guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
    throw ScanError(.cannotWrite, "\(path) is a file, and a folder is needed; choose another with --out")
  }
}
