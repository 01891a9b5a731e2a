import ModelGraph
import Networks
import OnnxRuntime
import TestSupport

/// A network from a tensor `a` on, ready to be derived by it and to be run a little to each side of where it stands.
struct AdjointBench {
  let network: AdjointNetwork
  private let session: Session
  private let suffix: Session
  private let spelled: Session
  private let inputs: [Tensor]

  /// Rows of different values.
  static let rows = 3

  /// - Parameters:
  ///   - model: whose input `a` of [rows] + shape is derived by.
  ///   - output: the tensor that is read.
  ///   - targets: one class a row, or one for all.
  init(
    _ model: Model, shape: [Int], reading output: String, value: AdjointValue = AdjointValue(.logit),
    targets: [Int64] = [0, 1, 0],
    seed: UInt64 = 12, offset: Float = 0.4
  ) throws {
    let runtime = try TestRuntime.make()
    let whole = try model.cut(at: "a", reading: output)
    precondition(whole.sideInputs.isEmpty, "only what comes from a is fed")
    let a = try Tensor(runtime: runtime, shape: [Self.rows] + shape)
    var random = WeightGenerator(seed: seed)
    for (place, number) in random.floats(a.count).enumerated() { a.floats[place] = number + offset }
    let (cut, observed) = try whole.observed(runtime: runtime, options: Session.Options()) { _ in [a] }
    network = try cut.adjoint(of: value, observed: observed)
    session = try Session(runtime: runtime, model: network.model.serialized())
    suffix = try Session(runtime: runtime, model: whole.suffix.serialized())
    spelled = try Session(runtime: runtime, model: cut.spellingOut(observed.spelled).suffix.serialized())
    let target = try Tensor(runtime: runtime, shape: [targets.count], elementType: ElementType.int64.rawValue)
    target.bytes.copyBytes(from: targets.withUnsafeBytes { Array($0) })
    inputs = [a, target]
  }

  /// One case of a few operators, with a random projection of what they give to two scores behind. The seed is one whose
  /// numbers lie off the kinks of all cases.
  init(_ example: OperatorCase, value: AdjointValue = AdjointValue(.logit), seed: UInt64 = 12) throws {
    var net = GraphBuilder(name: "operators", opset: example.opset)
    net.input("x", [nil] + example.shape.map(Optional.some))
    net.node("Identity", ["x"], ["a"])
    example.build(&net)
    net.node("Flatten", ["b"], ["flattened"])
    let runtime = try TestRuntime.make()
    var probe = net
    probe.output("flattened", [nil, nil])
    let session = try Session(runtime: runtime, model: Model(proto: probe.model).serialized())
    let width = try session.run([Tensor(runtime: runtime, shape: [Self.rows] + example.shape)])[0].shape[1]
    net.node("MatMul", ["flattened", net.random("projection", [width, 2])], ["scores"])
    net.output("scores", [nil, 2])
    try self.init(
      Model(proto: net.model), shape: example.shape, reading: "scores", value: value, seed: seed)
  }

  /// What the network itself gives there.
  func whole() throws -> [Float] {
    let outputs = try suffix.run([inputs[0]])
    return withExtendedLifetime(outputs) { outputs[0].floats.map { $0 } }
  }

  /// The same, of the operators that are written in ordinary ones for the way back.
  func spelledOut() throws -> [Float] {
    let outputs = try spelled.run([inputs[0]])
    return withExtendedLifetime(outputs) { outputs[0].floats.map { $0 } }
  }

  /// The tensor that is read, and v, [rows].
  func outputs() throws -> (read: [Float], values: [Double]) {
    let outputs = try session.run(inputs)
    return withExtendedLifetime(outputs) { (outputs[0].floats.map { $0 }, outputs[1].floats.map(Double.init)) }
  }

  /// v, [rows], and ∂v/∂a, [rows x units].
  func derivatives() throws -> (values: [Double], gradient: [Double]) {
    let outputs = try session.run(inputs)
    return withExtendedLifetime(outputs) {
      (outputs[1].floats.map(Double.init), outputs[2].floats.map(Double.init))
    }
  }

  /// ∂v/∂a by central differences, all rows at once, since they don't depend on one another.
  func differences(step: Float) throws -> [Double] {
    let a = inputs[0]
    let units = a.count / Self.rows
    var result = [Double](repeating: 0, count: a.count)
    for unit in 0..<units {
      func values(_ change: Float) throws -> (values: [Double], places: [Float]) {
        var places: [Float] = []
        for row in 0..<Self.rows {
          a.floats[row * units + unit] += change
          places.append(a.floats[row * units + unit])
        }
        return (try derivatives().values, places)
      }
      let before = (0..<Self.rows).map { a.floats[$0 * units + unit] }
      let above = try values(step)
      let below = try values(-2 * step)
      for row in 0..<Self.rows {
        a.floats[row * units + unit] = before[row]
        result[row * units + unit] =
          (above.values[row] - below.values[row]) / Double(above.places[row] - below.places[row])
      }
    }
    return result
  }

  /// The largest difference of the two, as a share of the largest derivative.
  func deviation(step: Float = 0.003) throws -> Double {
    let (gradient, expected) = (try derivatives().gradient, try differences(step: step))
    guard gradient.count == expected.count else { return .infinity }
    let scale = expected.map(abs).max() ?? 0
    let largest = zip(gradient, expected).map { abs($0 - $1) }.max() ?? 0
    return largest.isFinite && scale > 0 ? largest / scale : .infinity
  }
}
