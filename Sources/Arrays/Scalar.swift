/// An element as it is stored: a bit pattern, and the numbers that it can be read as.
protocol Scalar: BitwiseCopyable {
  associatedtype Bits: FixedWidthInteger & BitwiseCopyable
  init(bits: Bits)
  var float: Float { get }
  var double: Double { get }
  /// The same number as an integer; nil if it is not one, or lies beyond 64 bits with sign.
  var integer: Int64? { get }
}

extension Scalar where Self: FixedWidthInteger & BitwiseCopyable {
  init(bits: Self) { self = bits }
  var float: Float { Float(self) }
  var double: Double { Double(self) }
  var integer: Int64? { Int64(exactly: self) }
}

extension UInt8: Scalar {}
extension Int8: Scalar {}
extension UInt16: Scalar {}
extension Int16: Scalar {}
extension UInt32: Scalar {}
extension Int32: Scalar {}
extension UInt64: Scalar {}
extension Int64: Scalar {}

extension Float16: Scalar {
  init(bits: UInt16) { self.init(bitPattern: bits) }
  var float: Float { Float(self) }
  var double: Double { Double(self) }
  var integer: Int64? { Int64(exactly: self) }
}

extension Float: Scalar {
  init(bits: UInt32) { self.init(bitPattern: bits) }
  var float: Float { self }
  var double: Double { Double(self) }
  var integer: Int64? { Int64(exactly: self) }
}

extension Double: Scalar {
  init(bits: UInt64) { self.init(bitPattern: bits) }
  var float: Float { Float(self) }
  var double: Double { self }
  var integer: Int64? { Int64(exactly: self) }
}

/// A truth value in one byte; as in NumPy, any byte but 0 is true.
struct StoredBool: Scalar {
  let isTrue: Bool
  init(bits: UInt8) { isTrue = bits != 0 }
  var float: Float { isTrue ? 1 : 0 }
  var double: Double { isTrue ? 1 : 0 }
  var integer: Int64? { isTrue ? 1 : 0 }
}
