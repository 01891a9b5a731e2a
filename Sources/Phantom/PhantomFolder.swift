import Arrays
import Files
internal import FoundationEssentials
internal import ModelGraph

/// A folder that a phantom's files go to.
struct PhantomFolder {
  private let path: String

  /// Makes the folder, and those above it, if they are not there. A phantom that is there will be replaced.
  ///
  /// - Throws: `PhantomError` if the folder can't be made, or holds a model that isn't a phantom's.
  init(_ path: String) throws(PhantomError) {
    self.path = path
    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: file(name)) }
    if exists("model.onnx"), !exists("truth.json") {
      throw PhantomError(
        .cannotWrite,
        "\(file("model.onnx")) is no phantom's, since no truth.json lies beside it, and would be replaced: give another --out.")
    }
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw PhantomError(
        .cannotWrite, "\(path): the folder cannot be made. Check the permissions of the one above it, or give another.")
    }
  }

  /// The path of a file in the folder.
  func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes files in this order: with `truth.json` first, what is written of a phantom is known for one.
  func write(_ files: [(name: String, bytes: [UInt8])]) throws(PhantomError) {
    for (name, bytes) in files {
      do {
        try Data(bytes).write(to: URL(filePath: file(name)), options: .atomic)
      } catch {
        throw PhantomError(.cannotWrite, "\(file(name)) cannot be written. Check its folder's permissions and free space.")
      }
    }
  }

  /// `model.onnx`, `truth.json`, and `stimuli.npz` with the arrays.
  func write(
    model: Model, truth: some Encodable, stimuli arrays: [(name: String, array: NumericArray)]
  ) throws(PhantomError) {
    let bytes: [UInt8]
    do {
      bytes = try model.serialized()
    } catch {
      preconditionFailure("a phantom of a few kilobytes does not serialise: \(error)")
    }
    try write([("truth.json", Self.json(truth)), ("model.onnx", bytes)])
    do {
      try writeNPZ(arrays, to: file("stimuli.npz"))
    } catch {
      throw PhantomError(.cannotWrite, error.message)
    }
  }

  /// JSON with its keys in order, so that equal phantoms give equal bytes.
  static func json(_ value: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    do {
      return Array(try encoder.encode(value)) + [UInt8(ascii: "\n")]
    } catch {
      preconditionFailure("finite numbers and names do not encode: \(error)")
    }
  }
}
