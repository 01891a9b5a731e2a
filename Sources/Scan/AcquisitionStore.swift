internal import Glibc
import Stimuli

/// The values of all series on disk: one `.npy` file a layer, float32, [stimuli x rows], in design order.
///
/// Rows are written as series complete, in any order, so the scan holds in memory only what is being measured. Series
/// that were skipped, or not yet measured, are NaN.
final class AcquisitionStore {
  private let folder: String
  private let plan: ScanPlan
  private var descriptors: [Int32]
  private var headers: [Int]

  /// Creates the folder and its files.
  ///
  /// - Throws: `ScanError` (`cannotWrite`) if that can't be done.
  init(folder: String, plan: ScanPlan) throws {
    self.folder = folder
    self.plan = plan
    self.descriptors = []
    self.headers = []
    try makeFolder(folder)
    for layer in plan.layers {
      let path = path(layer.number)
      let descriptor = open(path, O_CREAT | O_TRUNC | O_RDWR, 0o644)
      guard descriptor >= 0 else { throw ScanError.cannotWrite(path) }
      descriptors.append(descriptor)
      let header = NumericArray.npyHeaderOfFloats(shape: [plan.stimulusCount, layer.rows])
      headers.append(header.count)
      try write(header, at: 0, to: layer.number)
      let unmeasured = [Float](repeating: .nan, count: layer.rows)
      for stimulus in 0..<plan.stimulusCount { try write(unmeasured, layer: layer.number, stimulus: stimulus) }
    }
  }

  deinit {
    for descriptor in descriptors { close(descriptor) }
  }

  /// Writes a series. - Parameter values: [rows].
  func write(_ values: [Float], layer: Int, stimulus: Int) throws {
    let rows = plan.layers[layer].rows
    precondition(values.count == rows)
    let bytes = values.withUnsafeBytes { Array($0) }
    try write(bytes, at: headers[layer] + stimulus * rows * MemoryLayout<Float>.stride, to: layer)
  }

  /// Reads a series back, [rows].
  func read(layer: Int, stimulus: Int) throws -> [Float] {
    var values = [Float](repeating: .nan, count: plan.layers[layer].rows)
    let start = headers[layer] + stimulus * values.count * MemoryLayout<Float>.stride
    let descriptor = descriptors[layer]
    let count = values.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, off_t(start)) }
    guard count == values.count * MemoryLayout<Float>.stride else { throw ScanError.cannotWrite(path(layer)) }
    return values
  }

  /// Makes everything written durable.
  func synchronize() throws {
    for (layer, descriptor) in descriptors.enumerated() where fsync(descriptor) != 0 {
      throw ScanError.cannotWrite(path(layer))
    }
  }

  /// The file of a layer in the folder of an acquisition.
  static func file(_ folder: String, _ layer: Int) -> String {
    "\(folder)/layer_\(layer).npy"
  }

  private func path(_ layer: Int) -> String {
    Self.file(folder, layer)
  }

  private func write(_ bytes: [UInt8], at offset: Int, to layer: Int) throws {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        pwrite(descriptors[layer], $0.baseAddress! + done, bytes.count - done, off_t(offset + done))
      }
      guard count > 0 else { throw ScanError.cannotWrite(path(layer)) }
      done += count
    }
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
