/// The element types that stimuli are stored in and handed over as.
package enum ScalarType: String, Hashable, Sendable, CaseIterable, CustomStringConvertible {
  case bool
  case uint8, int8, uint16, int16, uint32, int32, uint64, int64
  case float16, float32, float64

  package var byteCount: Int {
    switch self {
    case .bool, .uint8, .int8: 1
    case .uint16, .int16, .float16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64: 8
    }
  }

  package var isFloatingPoint: Bool {
    self == .float16 || self == .float32 || self == .float64
  }

  package var description: String { rawValue }
}
