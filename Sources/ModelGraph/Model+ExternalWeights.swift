internal import Glibc

extension Model {
  /// The model's file, which is at a path, and its files of weights.
  package func files(_ path: String) -> [String] { [path] + externalFiles.map { "\(folder ?? ".")/\($0)" } }

  /// The files outside the model that hold weights: paths relative to `folder`, sorted, each once. The model's own file
  /// isn't among them.
  package var externalFiles: [String] {
    Set(externalRanges.map(\.location)).subtracting([ownLocation]).sorted()
  }

  /// Throws where an external weight file is missing, unreadable or too short, or its path leads outside the model's
  /// folder other than by links.
  package func checkExternalFiles() throws(ModelGraphError) {
    for range in externalRanges {
      let components = range.location.split(separator: "/")
      guard !range.location.hasPrefix("/"), !components.contains(".."), !range.location.isEmpty else {
        throw ModelGraphError(
          .badInput,
          "\(label): weight \"\(range.tensor)\" points to \"\(range.location)\", outside the model's folder. Save the model's external data beside it."
        )
      }
      let path = "\(folder ?? ".")/\(range.location)"
      var status = stat()
      guard stat(path, &status) == 0 else {
        let link = Self.linkTarget(path).map { ", a link to \($0)," } ?? ""
        throw ModelGraphError(
          .missingInput,
          "\(label) keeps weights in \(path)\(link.isEmpty ? "," : link) which does not exist. Copy that file to the model's folder."
        )
      }
      guard status.st_mode & S_IFMT == S_IFREG else {
        throw ModelGraphError(
          .badInput,
          "\(label): weight \"\(range.tensor)\" points to \(path), which is no file. Save the model's external data anew.")
      }
      guard access(path, R_OK) == 0 else {
        throw ModelGraphError(.missingInput, "\(path), which holds weights of \(label), cannot be read. Check its permissions.")
      }
      let size = UInt64(status.st_size)
      guard let end = range.end else {
        throw ModelGraphError(
          .badInput,
          "\(label): weight \"\(range.tensor)\" lies in \(path) at offset \(range.offset ?? "0") with length \(range.length ?? "unsaid"), and takes \(range.bytes.map { "\($0) bytes" } ?? "whole numbers from 0"). Save the model's external data anew."
        )
      }
      guard end <= size else {
        throw ModelGraphError(
          .badInput,
          "\(path) is cut short: weight \"\(range.tensor)\" of \(label) ends at byte \(end) and the file has \(size). Copy it again."
        )
      }
    }
  }

  /// The model with links to weight files followed, where they lead out of its folder, as in a hub's cache: the runtime
  /// takes no file from outside. The folder becomes the innermost one that all weight files lie in.
  ///
  /// Only links are followed: a path that leaves the folder by itself has been refused by `checkExternalFiles()`.
  func followingLinks() throws(ModelGraphError) -> Model {
    let locations = Set(externalRanges.map(\.location)).sorted()
    let root = folder ?? "."
    guard !locations.isEmpty, let realRoot = Self.realPath(root) else { return self }
    var targets: [String: String] = [:]
    for location in locations {
      guard let target = Self.realPath("\(root)/\(location)") else {
        throw ModelGraphError(.missingInput, "\(root)/\(location), which holds weights of \(label), is gone. Copy it again.")
      }
      targets[location] = target
    }
    let inside = realRoot == "/" ? "/" : realRoot + "/"
    guard targets.values.contains(where: { !$0.hasPrefix(inside) }) else { return self }

    let folders = targets.values.map { $0.split(separator: "/").dropLast() }
    var common = Array(folders[0])
    for other in folders {
      common = Array(zip(common, other).prefix { $0 == $1 }.map(\.0))
    }
    let base = "/" + common.joined(separator: "/")
    let relative = targets.mapValues { String($0.dropFirst(base == "/" ? 1 : base.count + 1)) }
    var proto = proto
    Self.relocate(&proto.graph, relative)
    for function in proto.functions.indices { Self.relocate(&proto.functions[function].node, relative) }
    return Model(proto: proto, folder: base, label: label, ownLocation: relative[label] ?? label)
  }

  private static func relocate(_ graph: inout Onnx_GraphProto, _ places: [String: String]) {
    for index in graph.initializer.indices { relocate(&graph.initializer[index], places) }
    for index in graph.sparseInitializer.indices {
      relocate(&graph.sparseInitializer[index].values, places)
      relocate(&graph.sparseInitializer[index].indices, places)
    }
    relocate(&graph.node, places)
  }

  private static func relocate(_ nodes: inout [Onnx_NodeProto], _ places: [String: String]) {
    for node in nodes.indices {
      for place in nodes[node].attribute.indices {
        if nodes[node].attribute[place].hasT { relocate(&nodes[node].attribute[place].t, places) }
        for tensor in nodes[node].attribute[place].tensors.indices {
          relocate(&nodes[node].attribute[place].tensors[tensor], places)
        }
        if nodes[node].attribute[place].hasG { relocate(&nodes[node].attribute[place].g, places) }
        for body in nodes[node].attribute[place].graphs.indices {
          relocate(&nodes[node].attribute[place].graphs[body], places)
        }
      }
    }
  }

  private static func relocate(_ tensor: inout Onnx_TensorProto, _ places: [String: String]) {
    guard tensor.dataLocation == .external else { return }
    for entry in tensor.externalData.indices where tensor.externalData[entry].key == "location" {
      if let place = places[tensor.externalData[entry].value] { tensor.externalData[entry].value = place }
    }
  }

  /// The path without links; `nil` if nothing is there.
  private static func realPath(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// What a symbolic link says; `nil` for anything else.
  private static func linkTarget(_ path: String) -> String? {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let length = buffer.withUnsafeMutableBytes { bytes in
      readlink(path, bytes.baseAddress!.assumingMemoryBound(to: CChar.self), bytes.count)
    }
    return length > 0 ? String(decoding: buffer[..<length], as: UTF8.self) : nil
  }

  /// Where one weight's bytes lie.
  private struct ExternalRange {
    let tensor: String
    let location: String
    /// As written.
    let offset: String?
    let length: String?
    /// As its shape and type say; `nil` where they don't.
    let bytes: UInt64?

    /// One past the last byte; `nil` where the numbers are none, or don't fit the weight.
    var end: UInt64? {
      guard let start = UInt64(offset ?? "0"), let length = UInt64(length ?? "\(bytes ?? 0)"), length == bytes ?? length
      else { return nil }
      let (end, overflow) = start.addingReportingOverflow(length)
      return overflow ? nil : end
    }
  }

  /// `nil` for types without a fixed size, packed ones, and shapes that are none.
  private static func byteCount(of tensor: Onnx_TensorProto) -> UInt64? {
    guard let size = ElementType(rawValue: tensor.dataType).byteCount else { return nil }
    var count = UInt64(size)
    for length in tensor.dims {
      guard length >= 0 else { return nil }
      let (product, overflow) = count.multipliedReportingOverflow(by: UInt64(length))
      guard !overflow else { return nil }
      count = product
    }
    return count
  }

  private var externalRanges: [ExternalRange] {
    var ranges: [ExternalRange] = []

    func visit(_ tensor: Onnx_TensorProto) {
      guard tensor.dataLocation == .external else { return }
      let entries = Dictionary(tensor.externalData.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
      ranges.append(
        ExternalRange(
          tensor: tensor.name, location: entries["location"] ?? "", offset: entries["offset"], length: entries["length"],
          bytes: Self.byteCount(of: tensor)))
    }
    func visit(_ nodes: [Onnx_NodeProto]) {
      for node in nodes {
        for attribute in node.attribute {
          if attribute.hasT { visit(attribute.t) }
          attribute.tensors.forEach(visit)
        }
        node.subgraphs.forEach(visit)
      }
    }
    func visit(_ graph: Onnx_GraphProto) {
      graph.initializer.forEach(visit)
      for sparse in graph.sparseInitializer {
        visit(sparse.values)
        visit(sparse.indices)
      }
      visit(graph.node)
    }

    visit(proto.graph)
    for function in proto.functions { visit(function.node) }
    return ranges
  }
}
