package import ModelGraph

/// What part of the image a position of a feature map can depend on, along either spatial axis.
///
/// Position p reads pixels `p·stride + low ... p·stride + high`. Follows from the kernels, strides and pads between; what
/// training makes of it may be narrower.
package struct ReceptiveField: Sendable, Hashable {
  /// Pixels from one position to the next.
  package let stride: Int
  package let low: Int
  package let high: Int

  /// The pixels that positions `first..<end` see together, within an image of this length.
  package func pixels(of positions: Range<Int>, imageLength: Int) -> Range<Int> {
    let first = max(0, positions.lowerBound * stride + low)
    let end = min(imageLength, (positions.upperBound - 1) * stride + high + 1)
    return first..<max(first, end)
  }

  /// - Returns: `nil` where an operator other than a square convolution, Relu or Add lies between the input and the tensor.
  package init?(of tensor: String, from input: String, in model: Model) {
    if tensor == input {
      self.init(stride: 1, low: 0, high: 0)
      return
    }
    guard let producer = model.index.producer(of: tensor) else { return nil }
    let node = model.proto.graph.node[producer]
    let sources = node.input.filter { model.index.dependence(of: $0) == .data }
    let fields = sources.compactMap { ReceptiveField(of: $0, from: input, in: model) }
    guard let first = fields.first, fields.count == sources.count, fields.allSatisfy({ $0.stride == first.stride }) else {
      return nil
    }
    let low = fields.map(\.low).min()!
    let high = fields.map(\.high).max()!
    switch node.opType {
    case "Relu", "Add":
      self.init(stride: first.stride, low: low, high: high)
    case "Conv":
      func attribute(_ name: String) -> Int? {
        node.attribute.first { $0.name == name }?.ints.first.map(Int.init)
      }
      guard let kernel = attribute("kernel_shape") else { return nil }
      let pad = attribute("pads") ?? 0
      self.init(
        stride: first.stride * (attribute("strides") ?? 1),
        low: low - pad * first.stride, high: high + (kernel - 1 - pad) * first.stride)
    default:
      return nil
    }
  }

  private init(stride: Int, low: Int, high: Int) {
    self.stride = stride
    self.low = low
    self.high = high
  }
}
