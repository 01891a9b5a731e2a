import ModelGraph
package import OnnxRuntime

/// How much of a network an execution provider computes, and what it leaves to the runtime's kernels for the processor.
package struct ProviderShare: Sendable, Hashable {
  /// A type of operator that the provider lacks.
  package struct LackingOperator: Sendable, Hashable {
    package let type: String
    /// How often the network has it.
    package let count: Int
  }

  /// Operators of the network, those that the runtime folds away before it divides them left out.
  package let operators: Int
  /// What the provider lacks, the most frequent first.
  package let lacking: [LackingOperator]
  /// The share of a forward pass's floating-point operations that those take, 0 to 1.
  package let costShare: Double

  /// - Parameters:
  ///   - assignments: of the model with numbered nodes.
  ///   - costs: by node, from `forwardCosts(shapes:)`.
  init(_ assignments: [OperatorAssignment], costs: [Double]) {
    operators = assignments.count
    let left = assignments.filter(\.isOnProcessor)
    let counts = Dictionary(left.map { ($0.operatorType, 1) }, uniquingKeysWith: +)
    lacking = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { LackingOperator(type: $0.key, count: $0.value) }
    func cost(_ some: [OperatorAssignment]) -> Double {
      some.reduce(0) { sum, one in
        sum + (Model.nodeNumber(one.node).flatMap { costs.indices.contains($0) ? costs[$0] : nil } ?? 0)
      }
    }
    let all = cost(assignments)
    costShare = all > 0 ? cost(left) / all : 0
  }

  /// One sentence. - Parameter provider: what people call it.
  package func note(_ provider: String) -> String {
    guard !lacking.isEmpty else { return "\(provider) runs all \(operators) operators of the network." }
    let count = lacking.reduce(0) { $0 + $1.count }
    let types = lacking.prefix(4).map { $0.count == 1 ? $0.type : "\($0.count) \($0.type)" }.joined(separator: ", ")
    let percent = (1000 * costShare).rounded() / 10
    return """
      \(provider) lacks \(count) of the network's \(operators) operators (\(types)\(lacking.count > 4 ? ", ..." : "")), which run on the \
      processor: \(percent) % of a pass's floating-point operations.
      """
  }
}

extension NetworkSurvey {
  /// What a user should know of where the network's operators run; `nil` where the runtime has no provider.
  ///
  /// Cost: a session.
  /// - Throws: `OnnxRuntimeError` where the provider doesn't take the network.
  package func providerNote(runtime: Runtime, options: Session.Options) throws -> String? {
    guard let provider = runtime.provider else { return nil }
    let numbered = model.numberingNodes()
    guard
      let assignments = try Session.assignment(
        of: numbered.exposing([readTensor]).serialized(), runtime: runtime, options: options)
    else {
      return
        "Operators that \(provider.shortName) lacks run on the processor; ONNX Runtime \(runtime.version) doesn't tell which, 1.24 does."
    }
    return ProviderShare(assignments, costs: model.forwardCosts(shapes: shapes)).note(provider.shortName)
  }
}
