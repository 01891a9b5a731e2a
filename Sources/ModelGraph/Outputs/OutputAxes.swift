/// How an output lays out anew the numbers of the tensor that is read in its place.
package struct OutputAxes: Sendable, Hashable {
  /// By axis of the output: the axis of the tensor that it is; `nil` where it is part of one, several, or none.
  package let axes: [Int?]
  /// The output's shape for one stimulus.
  package let shape: [Int]
  /// Whether numbers keep their order.
  package let keepsOrder: Bool
  /// Whether each of the output's axes that is longer than 1 is an axis of the tensor.
  package let isWhole: Bool
}

extension OutputSource {
  /// An operator that lays out anew what it reads.
  package struct Layout: Sendable, Hashable {
    package let input: String
    package let output: String
    /// The input's axes in the output's order; `nil` where numbers keep their order and axes get other lengths.
    package let order: Order?

    package enum Order: Sendable, Hashable {
      case axes([Int])
      case reversed
    }
  }

  /// How the output lays out anew what is read; `nil` where shapes aren't known.
  ///
  /// - Parameter shapes: of the tensors that `layouts` names, for one stimulus.
  package func axes(shapes: [String: [Int]]) -> OutputAxes? {
    guard let output = layouts.first?.output, let shape = shapes[output] else { return nil }
    var axes: [Int?] = Array(shape.indices)
    for layout in layouts {
      guard let from = shapes[layout.input], let to = shapes[layout.output] else { return nil }
      let step: [Int?]
      switch layout.order {
      case .axes(let order): step = order
      case .reversed: step = from.indices.reversed()
      case nil: step = Self.axes(of: to, in: from)
      }
      guard step.count == to.count else { return nil }
      axes = axes.map { $0.flatMap { step[$0] } }
    }
    return OutputAxes(
      axes: axes, shape: shape, keepsOrder: layouts.allSatisfy { $0.order == nil },
      isWhole: shape.indices.allSatisfy { shape[$0] == 1 || axes[$0] != nil })
  }

  /// The axes that stay when numbers in their order get another shape: those as long as before with as many numbers in front.
  private static func axes(of shape: [Int], in other: [Int]) -> [Int?] {
    var count = 1
    var places: [[Int]: [Int]] = [:]
    for (axis, length) in other.enumerated() {
      places[[count, length], default: []].append(axis)
      count *= length
    }
    count = 1
    return shape.map { length in
      defer { count *= length }
      guard let axis = places[[count, length]]?.first else { return nil }
      places[[count, length]]!.removeFirst()
      return axis
    }
  }
}
