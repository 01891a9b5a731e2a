import Arrays
import Foundation
import Grids
import ModelGraph
import Networks
import OnnxRuntime
import Stimuli
import TestSupport
import Tractography

/// A few operators between two tensors: `x` is fed, `a` is ReLU(x), and what the case adds leads from `a` to `b`.
struct OperatorBench {
  let shape: [Int]
  let bench: ConnectionBench

  /// - Parameter type: of all that is a float; `a` and `b` are presented as float32, as a scan has them.
  init(
    _ shape: [Int], opset: Int = 20, seed: UInt64 = 7, type: ElementType = .float, _ build: OperatorCase.Build
  ) throws {
    self.shape = shape
    var net = GraphBuilder(name: "operators", opset: opset)
    net.input("x", [nil] + shape.map(Optional.some))
    net.node("Relu", ["x"], ["a"])
    build(&net)
    net.output("b", [])
    var proto = net.model
    proto.graph.output[0].type.tensorType.clearShape()
    var random = WeightGenerator(seed: seed)
    let count = 3
    let values = NumericArray(
      shape: [count] + shape, floats: random.floats(count * shape.reduce(1, *)).map { $0 + 0.4 })
    if type != .float { proto.graph.narrow(to: type) }
    let views = ["a", "b"].map { TensorView(tensor: $0, elementType: type, batch: .first, shape: []) }
    bench = try ConnectionBench(
      model: Model(proto: proto).presenting(views),
      stimuli: StimulusSet([("x", values)], labels: nil, description: "random numbers"), runtime: TestRuntime.make())
  }

  var units: Int { shape.reduce(1, *) }

  /// C between single units: [units of a x units of b].
  func strengths(stimulus: Int = 1, batch: Int = 3) throws -> [[Double]] {
    let target = try bench.observed("b", stimulus: stimulus)
    let strengths = try bench.strengths(
      from: "a", RegionMap(unitsOf: shape), to: "b", RegionMap(unitsOf: target.shape), stimulus: stimulus, batch: batch)
    return (0..<units).map { unit in
      strengths[unit * target.count..<(unit + 1) * target.count].map(Double.init)
    }
  }

  /// |∂b_j/∂a_i|·a_i by central differences of the network itself.
  func slopes(stimulus: Int = 1, step: Float = 0.01) throws -> [[Double]] {
    let a = try bench.observed("a", stimulus: stimulus)
    let cut = try bench.model.cut(at: "a", reading: "b")
    precondition(cut.sideInputs.isEmpty, "only what comes from a is differentiated")
    let session = try Session(runtime: bench.runtime, model: cut.suffix.serialized())
    return try (0..<units).map { unit in
      let value = a.floats[unit]
      func run(_ changed: Float) throws -> [Double] {
        a.floats[unit] = changed
        let output = try session.run([a])[0]
        return withExtendedLifetime(output) { output.floats.map(Double.init) }
      }
      let (above, below) = (try run(value + step), try run(value - step))
      a.floats[unit] = value
      return zip(above, below).map { abs($0 - $1) / (2 * Double(step)) * Double(value) }
    }
  }
}

extension Onnx_GraphProto {
  /// Has a graph that was written in float32 compute in another type.
  fileprivate mutating func narrow(to type: ElementType) {
    // Scales of a picture's sides are float32 whatever the picture is.
    let kept = Set(node.filter { $0.opType == "Resize" }.flatMap { $0.input.dropFirst() })
    for place in initializer.indices
    where initializer[place].dataType == ElementType.float.rawValue && !kept.contains(initializer[place].name) {
      let values = initializer[place].rawData.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
      initializer[place].dataType = type.rawValue
      initializer[place].rawData =
        switch type {
        case .double: values.map(Double.init).withUnsafeBytes { Data($0) }
        default: values.map { Float16($0) }.withUnsafeBytes { Data($0) }
        }
    }
    for place in input.indices { input[place].type.tensorType.elemType = type.rawValue }
    for place in output.indices { output[place].type.tensorType.elemType = type.rawValue }
  }
}

/// The largest difference of two matrices, as a share of the largest element of the second.
func deviation(_ matrix: [[Double]], from expected: [[Double]]) -> Double {
  guard matrix.count == expected.count, zip(matrix, expected).allSatisfy({ $0.count == $1.count }) else { return .infinity }
  let scale = expected.joined().max() ?? 0
  let largest = zip(matrix.joined(), expected.joined()).map { abs($0 - $1) }.max() ?? 0
  return largest.isNaN ? .infinity : scale == 0 ? largest : largest / scale
}
