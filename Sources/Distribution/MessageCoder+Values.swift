/// A value that may not be there.
extension Optional: Coded where Wrapped: Coded {
  package init() { self = .none }

  package mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    var isThere = if case .none = self { 0 } else { 1 }
    try coder.code(&isThere)
    guard isThere == 1 else {
      self = nil
      return
    }
    var value = self ?? Wrapped()
    try value.code(&coder)
    self = value
  }
}

extension Double: Coded {
  package mutating func code(_ coder: inout MessageCoder) throws(MessageError) { try coder.code(&self) }
}

extension String: Coded {
  package mutating func code(_ coder: inout MessageCoder) throws(MessageError) { try coder.code(&self) }
}

/// A list of single-precision numbers, as an output of its own.
package struct FloatList: Coded, Sendable, Hashable {
  package var values: [Float] = []

  package init() {}
  package init(_ values: [Float]) { self.values = values }

  package mutating func code(_ coder: inout MessageCoder) throws(MessageError) { try coder.code(&values) }
}
