package import Distribution
import Files
import ModelGraph
package import Networks
package import OnnxRuntime
import Stimuli
import UserErrors

/// Stored inputs, and what the network's layers and its answer have to be for them, to the bit.
///
/// A flipped bit of a weight, of the runtime's code or of a table changes nearly always some digit of what a layer does with some stimulus,
/// long before an answer changes. Bits are comparable on one kind of processor and version of the runtime; elsewhere what comes at the
/// first run is held from then on.
package struct SelfTest: Sendable {
  /// The most bytes of stimuli that are stored, beyond the first.
  private static let byteLimit = 4 << 20
  /// What stored floats are multiplied by besides 1: channels that hardly any stimulus moves are moved by exaggerated ones, and their
  /// weights are in the test too.
  private static let exaggerations: [Float] = [16, -16]

  /// Of the inputs, with one stimulus; empty where none is stored.
  private(set) var shapes: [[Int]] = []
  private var types: [Int] = []
  /// [stimuli x inputs], each an input's bytes.
  private var inputs: [ByteList] = []
  /// SHA-256 of what the layers, the answer and what it is made from are for a stimulus and its exaggerations. [stimuli]
  private var expected: [ByteList] = []

  package init() {}

  /// Stores the first stimuli of a feed, and what the network does with each alone and exaggerated. Cost: three passes a stimulus.
  ///
  /// - Parameter most: how many, if they take no more than 4 MB.
  package init(_ network: WatchedNetwork, feed: StimulusFeed, most: Int) throws {
    for row in 0..<min(most, feed.stimuli.count) {
      let tensors = try feed.tensors(network.inputNames, rows: [row])
      let size = tensors.reduce(0) { $0 + $1.bytes.count }
      guard row == 0 || (row + 1) * size <= Self.byteLimit else { break }
      (shapes, types) = (tensors.map(\.shape), tensors.map { Int($0.elementType) })
      inputs += tensors.map { ByteList($0.withBytes { Array($0) }) }
      expected.append(ByteList(try Self.digest(of: network, tensors)))
    }
  }

  /// How many stimuli are stored.
  package var count: Int { expected.count }

  /// The numbers of the stimuli for which something is another than it was. Cost: three passes a stimulus.
  package func failures(of network: WatchedNetwork, runtime: Runtime) throws -> [Int] {
    let now = try digests(of: network, runtime: runtime)
    return now.indices.filter { now[$0] != expected[$0] }
  }

  /// The same test with what the network does now for expected.
  package func takenAnew(of network: WatchedNetwork, runtime: Runtime) throws -> SelfTest {
    var test = self
    test.expected = try digests(of: network, runtime: runtime)
    return test
  }

  private func digests(of network: WatchedNetwork, runtime: Runtime) throws -> [ByteList] {
    try (0..<count).map { stimulus in
      let tensors = try shapes.indices.map { input in
        let tensor = try Tensor(runtime: runtime, shape: shapes[input], elementType: Int32(clamping: types[input]))
        tensor.bytes.copyBytes(from: inputs[stimulus * shapes.count + input].bytes)
        return tensor
      }
      return ByteList(try Self.digest(of: network, tensors))
    }
  }

  /// Runs the network on inputs, and where all are floats on their exaggerations, which the inputs are left as.
  private static func digest(of network: WatchedNetwork, _ inputs: [Tensor]) throws -> [UInt8] {
    var found = try network.bits(inputs)
    guard inputs.allSatisfy({ $0.elementType == ElementType.float.rawValue }) else { return Digest.bytes(of: found[...]) }
    var factor: Float = 1
    for exaggeration in exaggerations {
      // Powers of 2 leave a float's fraction as it is.
      for input in inputs { for place in input.floats.indices { input.floats[place] *= exaggeration / factor } }
      factor = exaggeration
      found += try network.bits(inputs)
    }
    return Digest.bytes(of: found[...])
  }

  /// - Throws: `Failure` (`badInput`) for inputs that aren't those of the network, or of other sizes than they say.
  func check(inputNames: [String]) throws(Failure) {
    let sizes = zip(shapes, types).map { shape, type in
      Tensor.byteSize(of: Int32(clamping: type)).map { Double($0) * shape.reduce(1.0) { $0 * Double($1) } }
    }
    let isSound =
      shapes.count == inputNames.count && types.count == shapes.count && inputs.count == count * shapes.count
      && shapes.allSatisfy { $0.allSatisfy { $0 >= 0 } }
      && inputs.indices.allSatisfy { sizes[$0 % shapes.count] == Double(inputs[$0].bytes.count) }
    guard count == 0 || isSound else {
      throw Failure(.badInput, "the reference's self-test doesn't fit the network; learn it anew")
    }
  }
}

extension SelfTest: Coded {
  package mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&shapes)
    try coder.code(&types)
    try coder.code(&inputs)
    try coder.code(&expected)
  }
}

extension SelfTest {
  /// Bytes, as a value that travels.
  struct ByteList: Coded, Sendable, Hashable {
    var bytes: [UInt8] = []

    init() {}
    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func code(_ coder: inout MessageCoder) throws(MessageError) { try coder.code(&bytes) }
  }
}

extension MessageCoder {
  /// Lists of whole numbers.
  fileprivate mutating func code(_ arrays: inout [[Int]]) throws(MessageError) {
    var lists = arrays.map(IntegerList.init)
    try code(&lists)
    arrays = lists.map(\.values)
  }
}

private struct IntegerList: Coded {
  var values: [Int] = []

  init() {}
  init(_ values: [Int]) { self.values = values }

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) { try coder.code(&values) }
}
