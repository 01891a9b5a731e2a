internal import FoundationEssentials
internal import SwiftProtobuf

extension Model {
  /// Reads an ONNX file and checks that it is whole and that its external weight files exist. Functions that the model brings
  /// stand where they are called.
  ///
  /// Throws one sentence each for a missing file, a folder, a file that is not ONNX, a truncated one, an empty graph,
  /// and a missing or short weight file.
  ///
  /// - Parameter largest: in a file of more bytes than that, weights stay where they are, as external ones.
  package init(contentsOf path: String, holdingUpTo largest: Int = 64 << 20) throws(ModelGraphError) {
    var isFolder = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw ModelGraphError(.missingInput, "\(path): no such model file. Check the path given with --model.")
    }
    guard !isFolder else {
      throw ModelGraphError(.missingInput, "\(path) is a folder. Give the .onnx file in it.")
    }
    let data: Data
    do {
      data = try Data(contentsOf: URL(filePath: path), options: .alwaysMapped)
    } catch {
      throw ModelGraphError(.missingInput, "\(path) cannot be read. Check its permissions.")
    }
    let url = URL(filePath: path)
    let folder = url.deletingLastPathComponent().path
    let name = url.lastPathComponent
    var small: Data?
    if data.count > largest, WireCheck(data).damage == nil {
      small = WeightsInPlace(data, fileName: name, least: 4096).model()
    }
    self = try Model(data: small ?? data, folder: folder.isEmpty ? "." : folder, label: name).followingLinks()
  }

  /// Reads a serialized model; `folder` is where its external weight files lie.
  ///
  /// - Throws: `badInput` with what isn't as ONNX has it, and where.
  package init(bytes: [UInt8], folder: String?, label: String = "model") throws(ModelGraphError) {
    try self.init(data: Data(bytes), folder: folder, label: label)
  }

  private init(data: Data, folder: String?, label: String) throws(ModelGraphError) {
    if let damage = WireCheck(data).damage {
      throw ModelGraphError(.badInput, "\(label) \(damage)")
    }
    let proto: Onnx_ModelProto
    do {
      proto = try Onnx_ModelProto(serializedBytes: data)
    } catch {
      throw ModelGraphError(
        .badInput, "\(label) is damaged: its ONNX messages cannot be decoded. Export or copy it again.")
    }
    guard !proto.graph.node.isEmpty else {
      throw ModelGraphError(
        .badInput, "\(label): the graph has no operators, so there is nothing to scan. Export the model again.")
    }
    guard !proto.graph.output.isEmpty else {
      throw ModelGraphError(.badInput, "\(label): the graph declares no output to read. Export the model again.")
    }
    self = Model(proto: proto, folder: folder, label: label).inliningFunctions().namingOmittedOutputs()
      .partingSkipNormalisations()
    try checkOrder()
    try checkExternalFiles()
  }

  /// The model in the ONNX format. Cost: one copy of all weights that are stored inside.
  ///
  /// - Throws: `ModelGraphError` where it is larger than protobuf's two gigabytes.
  package func serialized() throws(ModelGraphError) -> [UInt8] {
    do {
      return try proto.serializedBytes()
    } catch {
      throw ModelGraphError(
        .badInput,
        "\(label): the model exceeds the 2 GB that ONNX allows in one file. Save its weights as external data.")
    }
  }
}

/// Tells an ONNX file from others, and a whole one from a truncated one, by its outermost fields alone.
private struct WireCheck {
  /// The rest of a sentence that begins with the file's name; `nil` for a file that looks whole.
  let damage: String?

  init(_ data: Data) {
    damage = Self.examine(data)
  }

  private static let notONNX = "is not an ONNX model. Export the network with torch.onnx.export or a like converter."

  private static func examine(_ data: Data) -> String? {
    if data.isEmpty { return "is empty. Copy or export it again." }
    if data.starts(with: "version https://git-lfs".utf8) {
      return "is a Git LFS pointer, not the model itself. Run 'git lfs pull' to fetch it."
    }
    var offset = data.startIndex
    var sawGraph = false

    func varint() -> UInt64? {
      var value: UInt64 = 0
      for shift in stride(from: 0, to: 64, by: 7) {
        guard offset < data.endIndex else { return nil }
        let byte = data[offset]
        offset += 1
        value |= UInt64(byte & 0x7f) << UInt64(shift)
        if byte < 0x80 { return value }
      }
      return nil
    }

    while offset < data.endIndex {
      guard let tag = varint() else { return truncation(sawGraph) }
      let field = tag >> 3
      switch (tag & 7, field) {
      case (0, 1), (0, 5):
        guard varint() != nil else { return truncation(sawGraph) }
      case (2, 2...4), (2, 6...8), (2, 14), (2, 20), (2, 25), (2, 26):
        guard let length = varint() else { return truncation(sawGraph) }
        let left = data.endIndex - offset
        guard length <= UInt64(left) else {
          // Text files pass as a short run of fields; a graph's length that overshoots is a truncated model.
          return field == 7 || sawGraph
            ? "is cut short: \(length) bytes of it were announced and \(left) are there. Copy or download it again."
            : notONNX
        }
        sawGraph = sawGraph || field == 7
        offset += Int(length)
      default:
        return notONNX
      }
    }
    return sawGraph ? nil : "holds no graph: it is cut short or not an ONNX model. Copy or export it again."
  }

  private static func truncation(_ sawGraph: Bool) -> String {
    sawGraph ? "is cut short. Copy or download it again." : notONNX
  }
}
