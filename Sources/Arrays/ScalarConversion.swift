/// Turns stored elements of one type into elements of another.
///
/// Towards floating point every stored number is rounded to nearest; towards integers and bool every number must be
/// kept as it is.
package enum ScalarConversion {
  /// An element that the wanted type cannot hold.
  package struct Loss: Error {
    package let index: Int
    package let value: String
  }

  /// Reads `count` elements as Float32.
  package static func floats(
    _ source: UnsafeRawBufferPointer, _ type: ScalarType, swapped: Bool, into destination: UnsafeMutableRawBufferPointer
  ) {
    switch type {
    case .bool: unsafe map(source, StoredBool.self, swapped, destination) { $0.float }
    case .uint8: unsafe map(source, UInt8.self, swapped, destination) { $0.float }
    case .int8: unsafe map(source, Int8.self, swapped, destination) { $0.float }
    case .uint16: unsafe map(source, UInt16.self, swapped, destination) { $0.float }
    case .int16: unsafe map(source, Int16.self, swapped, destination) { $0.float }
    case .uint32: unsafe map(source, UInt32.self, swapped, destination) { $0.float }
    case .int32: unsafe map(source, Int32.self, swapped, destination) { $0.float }
    case .uint64: unsafe map(source, UInt64.self, swapped, destination) { $0.float }
    case .int64: unsafe map(source, Int64.self, swapped, destination) { $0.float }
    case .float16: unsafe map(source, Float16.self, swapped, destination) { $0.float }
    case .float32: unsafe map(source, Float.self, swapped, destination) { $0.float }
    case .float64: unsafe map(source, Double.self, swapped, destination) { $0.float }
    }
  }

  /// Reads `count` elements as Float64.
  package static func doubles(
    _ source: UnsafeRawBufferPointer, _ type: ScalarType, swapped: Bool, into destination: UnsafeMutableRawBufferPointer
  ) {
    switch type {
    case .bool: unsafe map(source, StoredBool.self, swapped, destination) { $0.double }
    case .uint8: unsafe map(source, UInt8.self, swapped, destination) { $0.double }
    case .int8: unsafe map(source, Int8.self, swapped, destination) { $0.double }
    case .uint16: unsafe map(source, UInt16.self, swapped, destination) { $0.double }
    case .int16: unsafe map(source, Int16.self, swapped, destination) { $0.double }
    case .uint32: unsafe map(source, UInt32.self, swapped, destination) { $0.double }
    case .int32: unsafe map(source, Int32.self, swapped, destination) { $0.double }
    case .uint64: unsafe map(source, UInt64.self, swapped, destination) { $0.double }
    case .int64: unsafe map(source, Int64.self, swapped, destination) { $0.double }
    case .float16: unsafe map(source, Float16.self, swapped, destination) { $0.double }
    case .float32: unsafe map(source, Float.self, swapped, destination) { $0.double }
    case .float64: unsafe map(source, Double.self, swapped, destination) { $0.double }
    }
  }

  /// One element as Float64.
  package static func double(_ source: UnsafeRawBufferPointer, _ type: ScalarType, swapped: Bool, at index: Int) -> Double {
    let element = unsafe UnsafeRawBufferPointer(
      rebasing: source[index * type.byteCount..<(index + 1) * type.byteCount])
    var value = 0.0
    unsafe withUnsafeMutableBytes(of: &value) { unsafe doubles(element, type, swapped: swapped, into: $0) }
    return value
  }

  /// Reads elements as an integer type or bool.
  ///
  /// - Throws: `Loss` with the first element that the type can't hold.
  package static func integers(
    _ source: UnsafeRawBufferPointer, _ type: ScalarType, swapped: Bool, as wanted: ScalarType,
    into destination: UnsafeMutableRawBufferPointer
  ) throws(Loss) {
    switch type {
    case .bool: try unsafe integers(source, StoredBool.self, swapped, wanted, destination)
    case .uint8: try unsafe integers(source, UInt8.self, swapped, wanted, destination)
    case .int8: try unsafe integers(source, Int8.self, swapped, wanted, destination)
    case .uint16: try unsafe integers(source, UInt16.self, swapped, wanted, destination)
    case .int16: try unsafe integers(source, Int16.self, swapped, wanted, destination)
    case .uint32: try unsafe integers(source, UInt32.self, swapped, wanted, destination)
    case .int32: try unsafe integers(source, Int32.self, swapped, wanted, destination)
    case .uint64: try unsafe integers(source, UInt64.self, swapped, wanted, destination)
    case .int64: try unsafe integers(source, Int64.self, swapped, wanted, destination)
    case .float16: try unsafe integers(source, Float16.self, swapped, wanted, destination)
    case .float32: try unsafe integers(source, Float.self, swapped, wanted, destination)
    case .float64: try unsafe integers(source, Double.self, swapped, wanted, destination)
    }
  }

  private static func integers<Source: Scalar>(
    _ source: UnsafeRawBufferPointer, _: Source.Type, _ swapped: Bool, _ wanted: ScalarType,
    _ destination: UnsafeMutableRawBufferPointer
  ) throws(Loss) {
    switch wanted {
    case .uint8: try unsafe exactly(source, Source.self, swapped, destination, UInt8.self)
    case .int8: try unsafe exactly(source, Source.self, swapped, destination, Int8.self)
    case .uint16: try unsafe exactly(source, Source.self, swapped, destination, UInt16.self)
    case .int16: try unsafe exactly(source, Source.self, swapped, destination, Int16.self)
    case .uint32: try unsafe exactly(source, Source.self, swapped, destination, UInt32.self)
    case .int32: try unsafe exactly(source, Source.self, swapped, destination, Int32.self)
    case .uint64: try unsafe exactly(source, Source.self, swapped, destination, UInt64.self)
    case .int64: try unsafe exactly(source, Source.self, swapped, destination, Int64.self)
    case .bool:
      for index in 0..<source.count / MemoryLayout<Source.Bits>.size {
        let value = unsafe element(source, Source.self, swapped, index)
        guard let integer = value.integer, integer == 0 || integer == 1 else {
          throw Loss(index: index, value: "\(value)")
        }
        unsafe destination[index] = UInt8(integer)
      }
    case .float16, .float32, .float64:
      preconditionFailure("floating point is not an integer type")
    }
  }

  private static func exactly<Source: Scalar, Wanted: FixedWidthInteger & BitwiseCopyable>(
    _ source: UnsafeRawBufferPointer, _: Source.Type, _ swapped: Bool, _ destination: UnsafeMutableRawBufferPointer,
    _: Wanted.Type
  ) throws(Loss) {
    for index in 0..<source.count / MemoryLayout<Source.Bits>.size {
      let value = unsafe element(source, Source.self, swapped, index)
      guard let integer = value.integer, let wanted = Wanted(exactly: integer) else {
        throw Loss(index: index, value: "\(value)")
      }
      unsafe destination.storeBytes(of: wanted, toByteOffset: index * MemoryLayout<Wanted>.size, as: Wanted.self)
    }
  }

  @inline(__always)
  private static func map<Source: Scalar, Wanted: BitwiseCopyable>(
    _ source: UnsafeRawBufferPointer, _: Source.Type, _ swapped: Bool, _ destination: UnsafeMutableRawBufferPointer,
    _ transform: (Source) -> Wanted
  ) {
    let count = source.count / MemoryLayout<Source.Bits>.size
    precondition(destination.count >= count * MemoryLayout<Wanted>.size)
    for index in 0..<count {
      let value = unsafe transform(element(source, Source.self, swapped, index))
      unsafe destination.storeBytes(of: value, toByteOffset: index * MemoryLayout<Wanted>.stride, as: Wanted.self)
    }
  }

  @inline(__always)
  private static func element<Source: Scalar>(
    _ source: UnsafeRawBufferPointer, _: Source.Type, _ swapped: Bool, _ index: Int
  ) -> Source {
    let bits = unsafe source.loadUnaligned(
      fromByteOffset: index * MemoryLayout<Source.Bits>.size, as: Source.Bits.self)
    return Source(bits: swapped ? bits.byteSwapped : bits)
  }
}
