internal import COnnxRuntime

/// An operator of a model and the provider that it was given to.
package struct OperatorAssignment: Sendable, Hashable {
  /// The node's name in the model.
  package let node: String
  package let operatorType: String
  /// What the runtime calls the provider.
  package let provider: String

  package init(node: String, operatorType: String, provider: String) {
    self.node = node
    self.operatorType = operatorType
    self.provider = provider
  }

  package var isOnProcessor: Bool { provider == "CPUExecutionProvider" }
}

extension Session {
  /// Which provider each operator of a model is given to, as the runtime divides it before it fuses any.
  ///
  /// Cost: that of making a session, which is let go of.
  /// - Returns: `nil` where the runtime is too old to tell, which is below 1.24.
  /// - Throws: `OnnxRuntimeError` (`modelRefused`).
  package static func assignment(
    of model: [UInt8], runtime: Runtime, options: Options
  ) throws(OnnxRuntimeError) -> [OperatorAssignment]? {
    guard Library.minor(runtime.version) >= Int(NNFMRI_ORT_ASSIGNMENT_VERSION) else { return nil }
    let api = runtime.api
    let session = try create(runtime, model, options, isOptimized: false) { (handle) throws(OnnxRuntimeError) in
      try runtime.check(
        ort_add_session_config_entry(api, handle, "session.record_ep_graph_assignment_info", "1"), .modelRefused)
    }
    defer { ort_release_session(api, session) }
    var graphs: UnsafePointer<OpaquePointer?>?
    var count = 0
    try runtime.check(ort_graph_assignment(api, session, &graphs, &count), .modelRefused)
    var assignments: [OperatorAssignment] = []
    for place in 0..<count {
      let graph = graphs?[place]
      var provider: UnsafePointer<CChar>?
      var nodes: UnsafePointer<OpaquePointer?>?
      var nodeCount = 0
      try runtime.check(ort_assigned_provider(api, graph, &provider), .modelRefused)
      try runtime.check(ort_assigned_nodes(api, graph, &nodes, &nodeCount), .modelRefused)
      for node in 0..<nodeCount {
        var (name, type): (UnsafePointer<CChar>?, UnsafePointer<CChar>?)
        try runtime.check(ort_assigned_node_name(api, nodes?[node], &name), .modelRefused)
        try runtime.check(ort_assigned_node_operator(api, nodes?[node], &type), .modelRefused)
        func text(_ pointer: UnsafePointer<CChar>?) -> String { pointer.map { String(cString: $0) } ?? "" }
        assignments.append(OperatorAssignment(node: text(name), operatorType: text(type), provider: text(provider)))
      }
    }
    return assignments
  }
}
