/// How a convolution cuts pictures into patches that tokens are made of.
package struct PatchCut: Sendable, Hashable {
  /// Of patches, as the picture has them.
  package let rows: Int
  package let columns: Int
  /// Whether tokens go down the columns one after another, and not along the rows.
  package let goesByColumns: Bool

  package init(rows: Int, columns: Int, goesByColumns: Bool) {
    self.rows = rows
    self.columns = columns
    self.goesByColumns = goesByColumns
  }

  package var count: Int { rows * columns }

  /// The number of the patch, row by row, that a token is of; both from 0 on.
  package func patch(ofToken token: Int) -> Int {
    goesByColumns ? token % rows * columns + token / rows : token
  }
}

extension Model {
  /// The cuts by two-dimensional convolutions that a tensor is made behind, the nearest first.
  ///
  /// A convolution's rows and columns are followed back to an input, through what turns axes or leaves them as they are, and on to where
  /// they become one axis, which counts the tokens. One whose way can't be followed is left out.
  ///
  /// - Parameter shapes: of tensors at a batch of one.
  /// - Cost: a pass over the graph for each convolution.
  package func patchCuts(
    upstreamOf tensor: String, shapes: [String: [Int]]
  ) -> [(cut: PatchCut, tokens: (tensor: String, axis: Int))] {
    guard let start = index.numbers[tensor] else { return [] }
    let way = PatchWay(nodes: proto.graph.node, index: index, shapes: shapes)
    var (open, seen, found): ([Int], Set<Int>, [Int]) = ([start], [], [])
    while let next = open.popLast() {
      guard let node = index.maker[next], seen.insert(node).inserted else { continue }
      if proto.graph.node[node].opType == "Conv" { found.append(node) }
      open += index.reads[node].filter { index.dependence[$0] == .data }
    }
    return found.sorted { index.place[$0] > index.place[$1] }.compactMap(way.cut)
  }
}

/// Follows the two axes of a convolution.
private struct PatchWay {
  let nodes: [Onnx_NodeProto]
  let index: GraphIndex
  let shapes: [String: [Int]]

  /// Where rows and columns are.
  typealias Axes = (rows: Int, columns: Int)

  /// Where rows and columns have become one axis, and whether by rows.
  typealias End = (tensor: String, axis: Int, isByRows: Bool)

  func cut(_ convolution: Int) -> (cut: PatchCut, tokens: (tensor: String, axis: Int))? {
    let node = nodes[convolution]
    var seen: Set<Int> = []
    guard let shape = shapes[node.output[0]], shape.count == 4,
      let given = beginning(node.input[0], (2, 3)), let end = end(node.output[0], (2, 3), &seen)
    else { return nil }
    let isTurned = given.rows > given.columns
    let cut = PatchCut(
      rows: shape[isTurned ? 3 : 2], columns: shape[isTurned ? 2 : 3], goesByColumns: isTurned == end.isByRows)
    return (cut, (end.tensor, end.axis))
  }

  /// The axes at the input that a tensor is laid out from.
  private func beginning(_ tensor: String, _ axes: Axes) -> Axes? {
    var (tensor, axes) = (tensor, axes)
    while let number = index.numbers[tensor], let maker = index.maker[number] {
      let node = nodes[maker]
      guard let source = index.reads[maker].first(where: { index.dependence[$0] == .data }).map({ index.names[$0] }) else {
        return nil
      }
      if node.opType == "Transpose" {
        guard let order = node.integers("perm"), order.indices.contains(axes.rows), order.indices.contains(axes.columns) else {
          return nil
        }
        axes = (order[axes.rows], order[axes.columns])
      } else if !Self.spatial.contains(node.opType) || axes != (2, 3) {
        guard let before = kept(axes, from: tensor, to: source, node) else { return nil }
        axes = before
      }
      tensor = source
    }
    return axes
  }

  /// Where the axes become one; nil where they don't, as far as they can be followed.
  private func end(_ tensor: String, _ axes: Axes, _ seen: inout Set<Int>) -> End? {
    guard let number = index.numbers[tensor], seen.insert(number).inserted else { return nil }
    for reader in index.readers[number] {
      let node = nodes[reader]
      guard let output = node.output.first else { continue }
      if node.opType == "Transpose" {
        guard let order = node.integers("perm"), let rows = order.firstIndex(of: axes.rows),
          let columns = order.firstIndex(of: axes.columns)
        else { continue }
        if let found = end(output, (rows, columns), &seen) { return found }
      } else if let next = kept(axes, from: tensor, to: output, node) {
        if let found = end(output, next, &seen) { return found }
      } else if ["Reshape", "Flatten"].contains(node.opType), let before = shapes[tensor], let after = shapes[output],
        abs(axes.rows - axes.columns) == 1,
        let axis = after.indices.first(where: { axis in
          after[axis] == before[axes.rows] * before[axes.columns]
            && after[..<axis].reduce(1, *) == before[..<min(axes.rows, axes.columns)].reduce(1, *)
        })
      {
        return (output, axis, axes.rows < axes.columns)
      }
    }
    return nil
  }

  private static let plain: Set = [
    "Add", "Sub", "Mul", "Div", "Cast", "Identity", "BatchNormalization", "Relu", "Gelu", "Sigmoid", "Clip", "Dropout",
  ]

  /// Operators that have rows and columns where convolutions have them.
  private static let spatial: Set = ["Conv", "MaxPool", "AveragePool", "BatchNormalization", "InstanceNormalization"]

  /// Where the axes are in another tensor that holds the same values, or one for each.
  private func kept(_ axes: Axes, from one: String, to other: String, _ node: Onnx_NodeProto) -> Axes? {
    guard let one = shapes[one], let other = shapes[other] else { return nil }
    if Self.plain.contains(node.opType) { return one == other ? axes : nil }
    guard ["Reshape", "Unsqueeze", "Squeeze"].contains(node.opType) else { return nil }
    // Axes of one entry come and go.
    let (mine, others) = (one.indices.filter { one[$0] > 1 }, other.indices.filter { other[$0] > 1 })
    guard mine.map({ one[$0] }) == others.map({ other[$0] }), let rows = mine.firstIndex(of: axes.rows),
      let columns = mine.firstIndex(of: axes.columns)
    else { return nil }
    return (others[rows], others[columns])
  }
}
