internal import Glibc

extension Model {
  /// The files outside the model that hold weights: paths relative to `folder`, sorted, each once. The model's own file
  /// isn't among them.
  package var externalFiles: [String] {
    Set(externalRanges.map(\.location)).subtracting([label]).sorted()
  }

  /// Throws where an external weight file is missing, too short, or lies outside the model's folder.
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
        throw ModelGraphError(
          .missingInput,
          "\(label) keeps weights in \(path), which does not exist. Copy that file to the model's folder.")
      }
      let size = UInt64(status.st_size)
      guard range.end <= size else {
        throw ModelGraphError(
          .badInput,
          "\(path) is cut short: weight \"\(range.tensor)\" of \(label) ends at byte \(range.end) and the file has \(size). Copy it again."
        )
      }
    }
  }

  /// Where one weight's bytes lie.
  private struct ExternalRange {
    let tensor: String
    let location: String
    /// One past the last byte that is known to be needed.
    let end: UInt64
  }

  private var externalRanges: [ExternalRange] {
    var ranges: [ExternalRange] = []

    func visit(_ tensor: Onnx_TensorProto) {
      guard tensor.dataLocation == .external else { return }
      let entries = Dictionary(tensor.externalData.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
      let offset = entries["offset"].flatMap(UInt64.init) ?? 0
      let length = entries["length"].flatMap(UInt64.init) ?? 0
      let (end, overflow) = offset.addingReportingOverflow(length)
      ranges.append(
        ExternalRange(tensor: tensor.name, location: entries["location"] ?? "", end: overflow ? .max : end))
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
    proto.functions.forEach { visit($0.node) }
    return ranges
  }
}
