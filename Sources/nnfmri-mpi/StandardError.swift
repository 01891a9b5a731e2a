internal import Glibc

/// Writes text to standard error, unbuffered.
func writeToStandardError(_ text: String) {
  var text = text
  text.withUTF8 { bytes in
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = write(2, UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: rest)).baseAddress, rest.count)
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }
}

/// Writes a line to standard error.
func say(_ line: String) {
  writeToStandardError(line + "\n")
}

/// Writes an error to standard error.
func complain(_ message: String) {
  say("nnfmri-mpi: \(message)")
}
