package import ModelGraph
package import OnnxRuntime

extension ObservedTensors {
  /// Vectors of whole numbers up to this length are kept: axes, places and sizes.
  private static let greatestLength = 1024

  /// - Parameters:
  ///   - names: of a run's outputs, in order.
  ///   - tensors: what the run gave.
  package init(_ names: [String], _ tensors: [Tensor]) {
    self.init()
    for (name, tensor) in zip(names, tensors) {
      shapes[name] = tensor.shape
      types[name] = ElementType(rawValue: tensor.elementType)
      guard tensor.count <= Self.greatestLength else { continue }
      switch ElementType(rawValue: tensor.elementType) {
      case .int64: integers[name] = tensor.bytes.bindMemory(to: Int64.self).map(Int.init)
      case .int32: integers[name] = tensor.bytes.bindMemory(to: Int32.self).map(Int.init)
      default: break
      }
    }
  }
}
