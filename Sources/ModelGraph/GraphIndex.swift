/// Who makes and who reads each tensor of a graph.
///
/// Bodies of If, Loop and Scan read outer tensors that no input list names; those count as read by their node.
/// Tensors and nodes are numbered, so that walks cost no hashing: a node by its place in the file, a tensor as it is
/// first met.
package struct GraphIndex: Sendable {
  /// What a tensor's values follow from.
  package enum Dependence: Int, Comparable, Sendable {
    /// Weights and what is made of them.
    case constant
    /// Shapes of data, not the data: shape arithmetic, masks and positions made from it.
    case shapes
    /// The values that are fed to the model.
    case data

    package static func < (a: Dependence, b: Dependence) -> Bool { a.rawValue < b.rawValue }
  }

  let names: [String]
  let numbers: [String: Int]
  /// By node: the tensors read, each once, outer reads of bodies included.
  let reads: [[Int]]
  /// By node: the tensors written.
  let writes: [[Int]]
  /// By tensor: the node that makes it, `nil` for inputs and weights.
  let maker: [Int?]
  /// By tensor: the nodes that read it, in order.
  let readers: [[Int]]
  /// Nodes in an order in which everything is made before it is read.
  let order: [Int]
  /// By node: its place in `order`.
  let place: [Int]
  /// The nodes that wait for each other in a circle; they are last in `order`.
  let circular: [Int]
  /// By tensor.
  let dependence: [Dependence]
  let weights: Set<Int>
  /// The inputs that a user feeds.
  let inputs: [Int]
  /// By node: whether it passes on only the shape of what it reads.
  let readsOnlyShape: [Bool]

  /// Cost: linear in the graph's size.
  init(_ graph: Onnx_GraphProto) {
    var names: [String] = []
    var numbers: [String: Int] = [:]
    func number(_ name: String) -> Int {
      if let known = numbers[name] { return known }
      numbers[name] = names.count
      names.append(name)
      return names.count - 1
    }

    var weights: Set<Int> = []
    for weight in graph.initializer { weights.insert(number(weight.name)) }
    for weight in graph.sparseInitializer { weights.insert(number(weight.values.name)) }
    let inputs = graph.input.map { number($0.name) }.filter { !weights.contains($0) }

    var reads: [[Int]] = []
    var writes: [[Int]] = []
    for node in graph.node {
      var seen: Set<Int> = []
      let read = node.input.filter { !$0.isEmpty } + node.subgraphs.flatMap(Self.outerReads)
      reads.append(read.map(number).filter { seen.insert($0).inserted })
      writes.append(node.output.filter { !$0.isEmpty }.map(number))
    }
    for output in graph.output { _ = number(output.name) }

    var maker = [Int?](repeating: nil, count: names.count)
    var readers = [[Int]](repeating: [], count: names.count)
    for node in graph.node.indices {
      for tensor in writes[node] where maker[tensor] == nil { maker[tensor] = node }
      for tensor in reads[node] { readers[tensor].append(node) }
    }

    self.names = names
    self.numbers = numbers
    self.reads = reads
    self.writes = writes
    self.maker = maker
    self.readers = readers
    self.weights = weights
    self.inputs = inputs
    let sorted = Self.topologicalOrder(reads: reads, maker: maker, writes: writes, readers: readers)
    circular = reads.indices.filter { !sorted.isPlaced[$0] }
    order = sorted.order + circular
    var place = [Int](repeating: 0, count: order.count)
    for (position, node) in order.enumerated() { place[node] = position }
    self.place = place
    readsOnlyShape = graph.node.map(OperatorTraits.readsOnlyShape)
    dependence = Self.dependence(
      of: graph, order: order, reads: reads, writes: writes, inputs: inputs, numbers: numbers)
  }

  package func contains(_ tensor: String) -> Bool { numbers[tensor] != nil }

  package func isWeight(_ tensor: String) -> Bool { numbers[tensor].map(weights.contains) ?? false }

  /// The node that makes a tensor, by its place in the file; `nil` for inputs, weights and unknown names.
  package func producer(of tensor: String) -> Int? { numbers[tensor].flatMap { maker[$0] } }

  /// The nodes that read a tensor, by their places in the file.
  package func consumers(of tensor: String) -> [Int] { numbers[tensor].map { readers[$0] } ?? [] }

  /// What a tensor's values follow from; `nil` for unknown names.
  package func dependence(of tensor: String) -> Dependence? { numbers[tensor].map { dependence[$0] } }

  /// Every tensor that some node reads.
  var readNames: Set<String> { Set(reads.joined().lazy.map { names[$0] }) }

  /// By node: whether one of the tensors needs it.
  ///
  /// - Parameters:
  ///   - given: a tensor that is there without its node.
  ///   - byValue: leaves out what only a shape follows from.
  func ancestors(of tensors: [Int], given: Int? = nil, byValue: Bool = false) -> [Bool] {
    var found = [Bool](repeating: false, count: reads.count)
    var pending = tensors.compactMap { $0 == given ? nil : maker[$0] }
    while let node = pending.popLast() {
      if found[node] { continue }
      found[node] = true
      if byValue && readsOnlyShape[node] { continue }
      for tensor in reads[node] where tensor != given {
        if let next = maker[tensor], !found[next] { pending.append(next) }
      }
    }
    return found
  }

  /// By node: whether it reads the tensor, directly or through others. - Parameter given: a tensor that nothing goes through.
  func descendants(of tensor: Int, given: Int? = nil) -> [Bool] { descendants(startingAt: readers[tensor], given: given) }

  /// By node: whether it reads what one of the nodes makes, directly or through others.
  func descendants(ofAnyOf nodes: Set<Int>) -> [Bool] {
    descendants(startingAt: nodes.flatMap { writes[$0] }.flatMap { readers[$0] }, given: nil)
  }

  private func descendants(startingAt nodes: [Int], given: Int?) -> [Bool] {
    var found = [Bool](repeating: false, count: reads.count)
    var pending = nodes
    while let node = pending.popLast() {
      if found[node] { continue }
      found[node] = true
      for written in writes[node] where written != given { pending += readers[written] }
    }
    return found
  }

  /// By tensor: whether its values, not only its shape, follow from those of `source`.
  func follows(from source: Int) -> [Bool] {
    var follows = [Bool](repeating: false, count: names.count)
    follows[source] = true
    for node in order where !readsOnlyShape[node] && reads[node].contains(where: { follows[$0] }) {
      for tensor in writes[node] { follows[tensor] = true }
    }
    return follows
  }

  /// By tensor: whether the values of `target` follow from its values, not only from its shape.
  func influences(on target: Int) -> [Bool] {
    var influences = [Bool](repeating: false, count: names.count)
    influences[target] = true
    for node in order.reversed() where !readsOnlyShape[node] && writes[node].contains(where: { influences[$0] }) {
      for tensor in reads[node] { influences[tensor] = true }
    }
    return influences
  }

  /// The tensors that a body reads and does not define.
  private static func outerReads(of body: Onnx_GraphProto) -> [String] {
    var defined = Set(body.input.map(\.name))
    defined.formUnion(body.initializer.map(\.name))
    defined.formUnion(body.sparseInitializer.map(\.values.name))
    for node in body.node { defined.formUnion(node.output) }
    let read =
      body.node.flatMap { $0.input + $0.subgraphs.flatMap(outerReads) }
      + body.output.map(\.name)
    return read.filter { !$0.isEmpty && !defined.contains($0) }
  }

  /// Kahn's algorithm, first in the file first. Nodes of a cycle and behind one are left out.
  private static func topologicalOrder(
    reads: [[Int]], maker: [Int?], writes: [[Int]], readers: [[Int]]
  ) -> (order: [Int], isPlaced: [Bool]) {
    var missing = reads.map { $0.reduce(0) { $0 + (maker[$1] == nil ? 0 : 1) } }
    var placed = [Bool](repeating: false, count: reads.count)
    var order: [Int] = []
    order.reserveCapacity(reads.count)
    // Files are nearly always sorted, so walking them and finishing what a node sets free keeps their order.
    var ready: [Int] = []
    for start in reads.indices {
      if missing[start] == 0 && !placed[start] { ready.append(start) }
      while let node = ready.popLast() {
        if placed[node] { continue }
        placed[node] = true
        order.append(node)
        for tensor in writes[node] where maker[tensor] == node {
          for reader in readers[tensor] {
            missing[reader] -= 1
            if missing[reader] == 0 && reader < start { ready.append(reader) }
          }
        }
      }
    }
    return (order, placed)
  }
}
