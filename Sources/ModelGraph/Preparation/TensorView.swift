/// How a tensor of a network is turned into one that can be scanned and read: float32, with stimuli along its first axis.
///
/// | the tensor | as it is scanned |
/// |---|---|
/// | float16, bfloat16, float64 | the same numbers as float32 |
/// | an integer with a scale and a zero point | the numbers that it stands for, so that 0 is the zero point |
/// | stimuli along another axis, [T, N, C] | [N, T, C] |
/// | an output's scores before they are laid out anew, [N, 64] | as the output has them, [N, 1, 8, 8] |
/// | k windows of each stimulus folded into the batch, [N·k, …] | [N, k, …] |
/// | no batch axis at all, in a network that takes one stimulus at a time | [1, …] |
package struct TensorView: Hashable, Sendable, Codable {
  /// Where a tensor keeps the stimuli of a batch.
  package enum Batch: Hashable, Sendable, Codable {
    case first
    case axis(Int)
    /// An axis holds `count` entries of each stimulus; those of one stimulus follow each other, or, if not `isOuter`,
    /// those of the batch do.
    case folded(axis: Int, count: Int, isOuter: Bool)
    /// Nowhere: the network is run with one stimulus at a time.
    case none
  }

  package let tensor: String
  package let elementType: ElementType
  package let batch: Batch
  /// As the network makes it, at a batch of one.
  package let shape: [Int]
  /// Of a quantised tensor.
  package let quantization: Quantization?
  /// The shape at a batch of one that the same numbers are given, in their order; `nil` where they keep theirs.
  ///
  /// Only where stimuli lie along the first axis, of both shapes, or nowhere.
  package let givenShape: [Int]?

  package init(
    tensor: String, elementType: ElementType, batch: Batch, shape: [Int], quantization: Quantization? = nil,
    givenShape: [Int]? = nil
  ) {
    precondition(givenShape == nil || batch == .first || batch == .none, "stimuli lie along the first axis or nowhere")
    self.tensor = tensor
    self.elementType = elementType
    self.batch = batch
    self.shape = shape
    self.quantization = quantization
    self.givenShape = givenShape
  }

  /// Whether the tensor is scanned as it is.
  package var isPlain: Bool { batch == .first && elementType == .float && givenShape == nil }

  /// The shape whose axes `sourceAxes` counts.
  package var sourceShape: [Int] { givenShape ?? shape }

  /// What the tensor is called where its operator makes it, and where others read it, unless such names are taken.
  package var nameAsMade: String { tensor + "/as_made" }
  package var nameAsRead: String { tensor + "/as_read" }

  /// The shape as it is scanned, at a batch of one: its first axis is 1.
  package var scannedShape: [Int] {
    [1] + sourceAxes.map { sourceShape[$0] }
  }

  /// Whether shapes and axes fit each other.
  package var isSound: Bool {
    let isShape = { (shape: [Int]) in
      shape.allSatisfy { (1...(1 << 32)).contains($0) } && shape.reduce(1.0) { $0 * Double($1) } < 1e12
    }
    guard isShape(shape), isShape(givenShape ?? shape) else { return false }
    let isSameSize = givenShape.map { $0.reduce(1, *) == shape.reduce(1, *) } ?? true
    switch batch {
    case .first: return isSameSize && !sourceShape.isEmpty
    case .none: return isSameSize
    case .axis(let axis): return givenShape == nil && shape.indices.contains(axis)
    case .folded(let axis, let count, _):
      return givenShape == nil && shape.indices.contains(axis) && count > 0 && shape[axis].isMultiple(of: count)
    }
  }

  /// By axis of `scannedShape` but the first: which axis of the tensor, in the shape that it is given, it is.
  package var sourceAxes: [Int] {
    switch batch {
    case .first: Array(sourceShape.indices.dropFirst())
    case .axis(let axis): shape.indices.filter { $0 != axis }
    // The folded axis keeps its place behind the stimulus.
    case .folded, .none: Array(sourceShape.indices)
    }
  }
}

/// What the integers of a quantised tensor stand for: (q − zero point) · scale. The names of two tensors of the graph.
package struct Quantization: Hashable, Sendable, Codable {
  package let scale: String
  /// `nil` is 0.
  package let zeroPoint: String?

  package init(scale: String, zeroPoint: String?) {
    self.scale = scale
    self.zeroPoint = zeroPoint
  }
}

extension ElementType: Codable {}
