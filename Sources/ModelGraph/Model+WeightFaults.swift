internal import FoundationEssentials

extension Model {
  /// The float32 elements of kernels and matrices that are stored in the model, which `flippingBit` counts through.
  package var floatWeightCount: Int { faultyWeights.reduce(0) { $0 + $1.count } }

  /// The same model with one bit of one float32 weight flipped, as a fault of memory does it.
  ///
  /// Cost: a copy of the weight.
  /// - Parameters:
  ///   - bit: 0 is the last of the fraction's, 23 to 30 are the exponent's, 31 is the sign.
  ///   - element: below `floatWeightCount`.
  package func flippingBit(_ bit: Int, ofWeight element: Int) -> Model {
    precondition((0..<32).contains(bit))
    var rest = element
    for (place, count) in faultyWeights {
      guard rest >= count else {
        var graph = proto.graph
        let mask = UInt32(1) << UInt32(bit)
        if graph.initializer[place].rawData.isEmpty {
          let value = graph.initializer[place].floatData[rest]
          graph.initializer[place].floatData[rest] = Float(bitPattern: value.bitPattern ^ mask)
        } else {
          var bytes = Array(graph.initializer[place].rawData)
          bytes[4 * rest + bit / 8] ^= UInt8(1) << UInt8(bit % 8)
          graph.initializer[place].rawData = Data(bytes)
        }
        return replacingGraph(graph)
      }
      rest -= count
    }
    preconditionFailure("weight \(element) of \(floatWeightCount)")
  }

  private var faultyWeights: [(place: Int, count: Int)] {
    proto.graph.initializer.enumerated().compactMap { place, weight in
      let count = weight.dims.reduce(1) { $0 * Int($1) }
      let isStored = weight.rawData.count == 4 * count || weight.floatData.count == count
      guard weight.dims.count >= 2, weight.dataType == ElementType.float.rawValue, weight.dataLocation != .external, isStored
      else { return nil }
      return (place, count)
    }
  }
}
