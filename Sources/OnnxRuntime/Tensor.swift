internal import COnnxRuntime

/// A dense tensor in this process's memory, row-major, that sessions read and write in place.
///
/// The memory is the tensor's own: it is allocated once, at a fixed address, and reused from run to run.
package final class Tensor {
  /// Length of each axis.
  package let shape: [Int]
  /// The element type's number in the ONNX format (1 float32, 7 int64, ...).
  package let elementType: Int32
  /// How many elements the tensor has.
  package let count: Int

  private let runtime: Runtime
  private let owned: UnsafeMutableRawBufferPointer?
  private let data: UnsafeMutableRawPointer
  let value: OpaquePointer

  /// A tensor of zeros.
  ///
  /// - Throws: `OnnxRuntimeError` (`runFailed`) if the element type has no fixed size, as strings have none.
  package init(runtime: Runtime, shape: [Int], elementType: Int32 = 1) throws(OnnxRuntimeError) {
    guard let size = Self.byteSize(of: elementType) else {
      throw OnnxRuntimeError(code: .runFailed, detail: "a tensor of ONNX element type \(elementType) can't be made here")
    }
    let count = shape.reduce(1, *)
    // Cache lines of 64 bytes: the runtime's vector kernels like aligned rows. Never empty, so that it has an address.
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count * size, 64), alignment: 64)
    memory.initializeMemory(as: UInt8.self, repeating: 0)
    let lengths = shape.map(Int64.init)
    var value: OpaquePointer?
    do {
      try runtime.check(
        ort_create_tensor_with_data(
          runtime.api, runtime.memory, memory.baseAddress!, count * size, lengths, lengths.count, elementType, &value),
        .runFailed)
    } catch {
      memory.deallocate()
      throw error
    }
    self.runtime = runtime
    self.shape = shape
    self.elementType = elementType
    self.count = count
    self.owned = memory
    self.data = memory.baseAddress!
    self.value = value!
  }

  /// Takes over a value that the runtime allocated.
  init(runtime: Runtime, adopting value: OpaquePointer) throws(OnnxRuntimeError) {
    do {
      var info: OpaquePointer?
      try runtime.check(ort_tensor_type_and_shape(runtime.api, value, &info), .runFailed)
      defer { ort_release_tensor_type_and_shape(runtime.api, info) }
      var type: Int32 = 0
      try runtime.check(ort_element_type(runtime.api, info, &type), .runFailed)
      var rank = 0
      try runtime.check(ort_dimension_count(runtime.api, info, &rank), .runFailed)
      var lengths = [Int64](repeating: 0, count: rank)
      try runtime.check(ort_dimensions(runtime.api, info, &lengths, rank), .runFailed)
      var pointer: UnsafeMutableRawPointer?
      try runtime.check(ort_tensor_data(runtime.api, value, &pointer), .runFailed)
      self.shape = lengths.map(Int.init)
      self.elementType = type
      self.data = pointer ?? UnsafeMutableRawPointer(bitPattern: 64)!
    } catch {
      ort_release_value(runtime.api, value)
      throw error
    }
    self.runtime = runtime
    self.count = shape.reduce(1, *)
    self.owned = nil
    self.value = value
  }

  deinit {
    ort_release_value(runtime.api, value)
    owned?.deallocate()
  }

  /// Lends the elements as floats while the tensor is held. The tensor must be of float32.
  package func withFloats<Result>(_ body: (UnsafeMutableBufferPointer<Float>) throws -> Result) rethrows -> Result {
    try withExtendedLifetime(self) { try body(floats) }
  }

  /// Lends the elements as raw bytes while the tensor is held.
  package func withBytes<Result>(_ body: (UnsafeMutableRawBufferPointer) throws -> Result) rethrows -> Result {
    try withExtendedLifetime(self) { try body(bytes) }
  }

  /// The elements as floats, for as long as somebody holds the tensor: of one that only a local array holds, which Swift may let
  /// go of after its last use, ask `withFloats`. The tensor must be of float32.
  package var floats: UnsafeMutableBufferPointer<Float> {
    precondition(elementType == 1, "tensor of ONNX element type \(elementType) read as float32")
    return UnsafeMutableBufferPointer(start: data.assumingMemoryBound(to: Float.self), count: count)
  }

  /// The elements as raw bytes, for as long as somebody holds the tensor, as `floats`.
  package var bytes: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: data, count: count * Self.byteSize(of: elementType)!)
  }

  /// Whether the other tensor's elements begin where this one's do.
  func sharesMemory(with other: Tensor) -> Bool { data == other.data }

  /// The same elements in memory of their own.
  func copy() throws(OnnxRuntimeError) -> Tensor {
    let copy = try Tensor(runtime: runtime, shape: shape, elementType: elementType)
    copy.bytes.copyMemory(from: UnsafeRawBufferPointer(bytes))
    return copy
  }

  /// The size in bytes of an element of the ONNX type with this number; `nil` where there is none.
  package static func byteSize(of elementType: Int32) -> Int? {
    switch elementType {
    case 2, 3, 9: 1
    case 4, 5, 10, 16: 2
    case 1, 6, 12: 4
    case 7, 11, 13: 8
    default: nil
    }
  }
}
