internal import CMPI

/// A call into the MPI library that failed.
package struct MPIError: Error, Sendable, CustomStringConvertible {
  /// The MPI error code.
  package let code: Int32
  /// The C function that returned it.
  package let operation: String

  package var description: String {
    var text = [CChar](repeating: 0, count: Int(MPI_MAX_ERROR_STRING))
    var length: Int32 = 0
    MPI_Error_string(code, &text, &length)
    let message = String(decoding: text.prefix(Int(length)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    return "\(operation) failed: \(message)."
  }
}

/// Turns the result of an MPI call into an error. Every call of the library passes here.
func check(_ code: Int32, _ operation: StaticString) throws(MPIError) {
  guard code == MPI_SUCCESS else { throw MPIError(code: code, operation: "\(operation)") }
}
