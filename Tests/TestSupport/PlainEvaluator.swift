import Foundation
import ModelGraph
import Stimuli

/// Evaluates small networks in plain Double arithmetic, one operator after the other: a reference that shares nothing
/// with what is tested but the reading of the graph's messages.
package struct PlainEvaluator: Sendable {
  /// A tensor; whole numbers are kept as Double too.
  package struct Value: Sendable {
    package var shape: [Int]
    package var elements: [Double]

    package init(_ shape: [Int], _ elements: [Double]) {
      precondition(shape.reduce(1, *) == elements.count, "\(elements.count) elements for \(shape)")
      self.shape = shape
      self.elements = elements
    }
  }

  private let graph: Onnx_GraphProto
  private let weights: [String: Value]

  package init(_ network: SmallNetwork) {
    graph = network.proto.graph
    weights = Dictionary(uniqueKeysWithValues: graph.initializer.map { ($0.name, Self.value(of: $0)) })
  }

  /// All tensors of one pass.
  ///
  /// - Parameter replacing: what takes the place of a tensor, given what it would have been.
  package func run(
    _ inputs: [String: Value], replacing: [String: (Value) -> Value] = [:]
  ) -> [String: Value] {
    var known = weights.merging(inputs) { $1 }
    for node in graph.node {
      let result = apply(node, node.input.map { known[$0]! })
      let name = node.output[0]
      known[name] = replacing[name]?(result) ?? result
    }
    return known
  }

  private func apply(_ node: Onnx_NodeProto, _ x: [Value]) -> Value {
    func integers(_ name: String) -> [Int] { node.attribute.first { $0.name == name }?.ints.map(Int.init) ?? [] }
    func axis(_ rank: Int) -> Int {
      let axis = node.attribute.first { $0.name == "axis" }.map { Int($0.i) } ?? 0
      return axis < 0 ? axis + rank : axis
    }
    switch node.opType {
    case "Relu": return map(x[0]) { max($0, 0) }
    case "Sigmoid": return map(x[0]) { 1 / (1 + exp(-$0)) }
    case "Sqrt": return map(x[0]) { $0.squareRoot() }
    case "Add": return broadcast(x[0], x[1], +)
    case "Gemm": return broadcast(multiply(x[0], x[1]), x[2], +)
    case "MatMul": return multiply(x[0], x[1])
    case "Conv": return convolve(x[0], x[1], x[2])
    case "Softmax": return softmax(x[0])
    case "GlobalAveragePool":
      let plane = x[0].shape[2] * x[0].shape[3]
      let count = x[0].shape[0] * x[0].shape[1]
      return Value(
        [x[0].shape[0], x[0].shape[1], 1, 1],
        (0..<count).map { x[0].elements[($0 * plane)..<(($0 + 1) * plane)].reduce(0, +) / Double(plane) })
    case "Flatten":
      return Value([x[0].shape[0], x[0].shape.dropFirst().reduce(1, *)], x[0].elements)
    case "Reshape":
      var shape = x[1].elements.map(Int.init)
      if let free = shape.firstIndex(of: -1) {
        shape[free] = 1
        shape[free] = x[0].elements.count / shape.reduce(1, *)
      }
      return Value(shape, x[0].elements)
    case "Shape": return Value([x[0].shape.count], x[0].shape.map(Double.init))
    case "Transpose": return transpose(x[0], integers("perm"))
    case "Concat": return concatenate(x, axis(x[0].shape.count))
    case "Gather":
      let row = x[0].shape.dropFirst().reduce(1, *)
      return Value(
        x[1].shape + x[0].shape.dropFirst(),
        x[1].elements.flatMap { x[0].elements[(Int($0) * row)..<((Int($0) + 1) * row)] })
    default: preconditionFailure("no plain form of \(node.opType)")
    }
  }

  // MARK: Operators

  private func map(_ x: Value, _ function: (Double) -> Double) -> Value {
    Value(x.shape, x.elements.map(function))
  }

  /// The second may have fewer axes or axes of length 1.
  private func broadcast(_ x: Value, _ y: Value, _ function: (Double, Double) -> Double) -> Value {
    let padded = [Int](repeating: 1, count: x.shape.count - y.shape.count) + y.shape
    return Value(
      x.shape,
      x.elements.indices.map { index in
        var (rest, stride, place) = (index, 1, 0)
        for axis in x.shape.indices.reversed() {
          if padded[axis] > 1 { place += (rest % x.shape[axis]) * stride }
          rest /= x.shape[axis]
          stride *= padded[axis]
        }
        return function(x.elements[index], y.elements[place])
      })
  }

  /// Products of the last two axes; the second operand is one matrix, or as many as the first has.
  private func multiply(_ x: Value, _ y: Value) -> Value {
    let (rows, inner, columns) = (x.shape[x.shape.count - 2], x.shape.last!, y.shape.last!)
    let matrices = x.shape.dropLast(2).reduce(1, *)
    let isShared = y.shape.count == 2
    var result = [Double](repeating: 0, count: matrices * rows * columns)
    for m in 0..<matrices {
      for i in 0..<rows {
        for j in 0..<columns {
          for k in 0..<inner {
            result[(m * rows + i) * columns + j] +=
              x.elements[(m * rows + i) * inner + k] * y.elements[((isShared ? 0 : m) * inner + k) * columns + j]
          }
        }
      }
    }
    return Value(x.shape.dropLast() + [columns], result)
  }

  /// 3x3, one unit of zeros around.
  private func convolve(_ x: Value, _ kernel: Value, _ bias: Value) -> Value {
    let (channels, height, width, filters) = (x.shape[1], x.shape[2], x.shape[3], kernel.shape[0])
    var result: [Double] = []
    for filter in 0..<filters {
      for h in 0..<height {
        for w in 0..<width {
          var sum = bias.elements[filter]
          for c in 0..<channels {
            for dh in -1...1 where (0..<height).contains(h + dh) {
              for dw in -1...1 where (0..<width).contains(w + dw) {
                sum +=
                  x.elements[(c * height + h + dh) * width + w + dw]
                  * kernel.elements[((filter * channels + c) * 3 + dh + 1) * 3 + dw + 1]
              }
            }
          }
          result.append(sum)
        }
      }
    }
    return Value([1, filters, height, width], result)
  }

  private func softmax(_ x: Value) -> Value {
    let length = x.shape.last!
    return Value(
      x.shape,
      stride(from: 0, to: x.elements.count, by: length).flatMap { start in
        let powers = x.elements[start..<start + length].map { exp($0) }
        return powers.map { $0 / powers.reduce(0, +) }
      })
  }

  private func transpose(_ x: Value, _ order: [Int]) -> Value {
    let strides = x.shape.indices.map { x.shape[($0 + 1)...].reduce(1, *) }
    let shape = order.map { x.shape[$0] }
    return Value(
      shape,
      x.elements.indices.map { index in
        var (rest, place) = (index, 0)
        for axis in shape.indices.reversed() {
          place += (rest % shape[axis]) * strides[order[axis]]
          rest /= shape[axis]
        }
        return x.elements[place]
      })
  }

  private func concatenate(_ x: [Value], _ axis: Int) -> Value {
    var shape = x[0].shape
    shape[axis] = x.reduce(0) { $0 + $1.shape[axis] }
    let blocks = shape[..<axis].reduce(1, *)
    return Value(
      shape,
      (0..<blocks).flatMap { block in
        x.flatMap { value in
          let size = value.elements.count / blocks
          return value.elements[(block * size)..<((block + 1) * size)]
        }
      })
  }

  private static func value(of weight: Onnx_TensorProto) -> Value {
    let shape = weight.dims.map(Int.init)
    let count = shape.reduce(1, *)
    let elements = weight.rawData.withUnsafeBytes { bytes in
      (0..<count).map { index in
        weight.dataType == ElementType.int64.rawValue
          ? Double(bytes.loadUnaligned(fromByteOffset: index * 8, as: Int64.self))
          : Double(bytes.loadUnaligned(fromByteOffset: index * 4, as: Float.self))
      }
    }
    return Value(shape, elements)
  }
}

extension SmallNetwork {
  /// A stimulus as the reference takes it, at a batch of one.
  package func plainInputs(_ stimulus: Int, of count: Int) throws -> [String: PlainEvaluator.Value] {
    let stimuli = try stimuli(count)
    return Dictionary(
      uniqueKeysWithValues: try inputs.enumerated().map { number, input in
        (
          input.name,
          PlainEvaluator.Value(
            [1] + input.shape, try stimuli.floats(stimulus: stimulus, input: number).map(Double.init))
        )
      })
  }
}
