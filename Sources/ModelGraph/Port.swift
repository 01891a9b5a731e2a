/// A declared input or output of a graph.
package struct Port: Sendable, Hashable {
  package let name: String

  /// `.noTensor` where the declaration names no tensor type (a sequence, a map, nothing at all).
  package let elementType: ElementType

  /// One entry an axis; `nil` where the declaration leaves even the number of axes open.
  package let dimensions: [Dimension]?

  /// Which axis counts stimuli; `nil` where none does.
  package internal(set) var batchAxis: Int?

  /// Whether something tells that the batch axis counts stimuli: its name, its length of 1, or an operator. Elsewhere it is
  /// only the first that is free, and may as well count a graph's nodes.
  package internal(set) var isBatchCertain = true

  /// The batch axis where a recurrent operator takes it for time, so that stimuli in a batch change each other.
  package internal(set) var axisTakenForTime: Int?

  /// The axes without a declared length.
  package var freeAxes: [Int] {
    (dimensions ?? []).enumerated().compactMap { axis, dimension in if case .fixed = dimension { nil } else { axis } }
  }

  /// The same input, fed a whole array for each stimulus.
  package var countingNoStimuli: Port {
    var port = self
    port.batchAxis = nil
    return port
  }

  /// Whether the input is zeros, or empty where its length is free, unless something is given.
  package internal(set) var isState = false
  /// Whether it is a single truth value.
  package internal(set) var isFlag = false

  /// Which axis counts channels, or a sequence's features; `nil` where nothing tells.
  package internal(set) var channelAxis: Int?

  /// Whether what is read of the model depends on the input.
  package internal(set) var isRead = true

  init(_ declaration: Onnx_ValueInfoProto) {
    name = declaration.name
    let tensor = declaration.type.tensorType
    elementType = ElementType(rawValue: tensor.elemType)
    dimensions = tensor.hasShape ? tensor.shape.dim.map(Dimension.init) : nil
  }
}

/// The declared length of one axis.
package enum Dimension: Sendable, Hashable {
  case fixed(Int)
  case named(String)
  case unknown

  init(_ proto: Onnx_TensorShapeProto.Dimension) {
    switch proto.value {
    case .dimValue(let length): self = length >= 0 ? .fixed(Int(length)) : .unknown
    case .dimParam(let name): self = name.isEmpty ? .unknown : .named(name)
    case nil: self = .unknown
    }
  }

  var proto: Onnx_TensorShapeProto.Dimension {
    var proto = Onnx_TensorShapeProto.Dimension()
    switch self {
    case .fixed(let length): proto.dimValue = Int64(length)
    case .named(let name): proto.dimParam = name
    case .unknown: break
    }
    return proto
  }
}

extension Dimension: CustomStringConvertible {
  package var description: String {
    switch self {
    case .fixed(let length): "\(length)"
    case .named(let name): name
    case .unknown: "?"
    }
  }
}

extension Onnx_ValueInfoProto {
  /// A declaration with an element type and, if given, dimensions; without them any shape is accepted.
  init(name: String, elementType: ElementType, dimensions: [Dimension]? = nil) {
    self.init()
    self.name = name
    type.tensorType.elemType = elementType.rawValue
    if let dimensions {
      type.tensorType.shape = Onnx_TensorShapeProto()
      type.tensorType.shape.dim = dimensions.map(\.proto)
    }
  }
}
