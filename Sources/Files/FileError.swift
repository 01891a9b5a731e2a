internal import Glibc
package import UserErrors

/// What went wrong with a file, or with what it holds.
package struct FileError: UserError, Equatable {
  package enum Code: Sendable, Equatable {
    /// A file that is not there or cannot be opened.
    case missingInput
    /// A file whose contents are not what its format, its neighbours or the model need.
    case badInput
    /// A file that could not be written.
    case cannotWrite
  }

  package let code: Code
  /// One sentence: what, where and how to mend it.
  package let message: String

  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  package var exitStatus: ExitStatus {
    switch code {
    case .missingInput: .missingInput
    case .badInput: .badInput
    case .cannotWrite: .cannotWrite
    }
  }

  /// The last system call, which wrote to a path, failed: the sentence gives the system's reason.
  package static func cannotWrite(_ path: String, mend: String = "choose another folder with --out") -> FileError {
    FileError(.cannotWrite, "\(path): \(systemReason(errno)); \(mend)")
  }

  /// The last system call, which read from a path, failed: the sentence gives the system's reason.
  package static func cannotRead(_ path: String) -> FileError {
    FileError(.badInput, "\(path) cannot be read to its end (\(systemReason(errno))): check the disk or copy it anew")
  }
}

/// The system's words for an error number.
package func systemReason(_ number: Int32) -> String {
  unsafe String(cString: strerror(number))
}
