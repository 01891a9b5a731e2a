internal import FoundationEssentials

extension Model {
  /// A weight, or what a Constant node holds, if it is stored as a tensor inside the model.
  func constantTensor(_ name: String) -> Onnx_TensorProto? {
    guard let number = index.numbers[name] else { return nil }
    if index.weights.contains(number) {
      return proto.graph.initializer.first { $0.name == name }
    }
    guard let maker = index.maker[number] else { return nil }
    let node = proto.graph.node[maker]
    switch node.opType {
    case "Constant":
      if let value = node.attribute("value") { return value.t }
      guard let integers = node.integers("value_ints") ?? node.integer("value_int").map({ [$0] }) else { return nil }
      var tensor = Onnx_TensorProto()
      tensor.dataType = ElementType.int64.rawValue
      tensor.dims = node.attribute("value_int") == nil ? [Int64(integers.count)] : []
      tensor.int64Data = integers.map(Int64.init)
      return tensor
    case "Identity":
      return node.input(at: 0).flatMap(constantTensor)
    default:
      return nil
    }
  }

  /// The values of an int32 or int64 constant; `nil` for anything else.
  func integerConstant(_ name: String) -> [Int64]? {
    guard let tensor = constantTensor(name), tensor.dataLocation != .external else { return nil }
    switch ElementType(rawValue: tensor.dataType) {
    case .int64:
      return tensor.rawData.isEmpty ? tensor.int64Data : Self.littleEndian(tensor.rawData, Int64.self)
    case .int32:
      return tensor.rawData.isEmpty
        ? tensor.int32Data.map(Int64.init) : Self.littleEndian(tensor.rawData, Int32.self).map(Int64.init)
    default:
      return nil
    }
  }

  private static func littleEndian<Integer: FixedWidthInteger>(_ data: Data, _ type: Integer.Type) -> [Integer] {
    let width = MemoryLayout<Integer>.size
    return stride(from: data.startIndex, to: data.endIndex - width + 1, by: width).map { start in
      data[start..<start + width].reversed().reduce(0) { $0 << 8 | Integer(truncatingIfNeeded: $1) }
    }
  }
}
