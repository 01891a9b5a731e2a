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
