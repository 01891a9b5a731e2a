import Files
internal import FoundationEssentials
package import UserErrors

extension Scan {
  /// Where a file is that a finished scan read.
  ///
  /// - Parameters:
  ///   - given: where the user says that it is.
  ///   - scanned: where the scan found it.
  ///   - option: the user's, for the message.
  /// - Throws: `Failure` (`missingInput`) where it isn't there.
  package static func place(
    _ given: String?, _ scanned: String, _ option: String, of folder: String
  ) throws(Failure) -> String {
    if let given { return given }
    // A phantom lies in the scan's own folder, wherever that is now.
    let beside = folder + "/" + fileName(of: scanned)
    guard let found = [scanned, beside].first(where: FileManager.default.fileExists(atPath:)) else {
      throw Failure(
        .missingInput, "\(scanned), which the scan in \(folder) read, isn't there; say where it is now with \(option)")
    }
    return found
  }
}
