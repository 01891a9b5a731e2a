import Distribution
package import Files
internal import Glibc
package import UserErrors

/// A reference's file: the 8 characters `NNFMRIR6`, the body, and the 32 bytes of SHA-256 of all before.
extension MonitorReference {
  private static let magic = Array("NNFMRIR6".utf8)
  private static let checksumLength = 32

  /// Makes sure that a file can be written there, and leaves nothing: learning takes long.
  ///
  /// - Throws: `FileError` (`cannotWrite`), also where a file lies there that is no reference.
  package static func checkWritable(_ path: String) throws(FileError) {
    let draft = draftPath(of: path)
    do {
      try writeFile([], to: draft)
    } catch {
      throw FileError.cannotWrite(path, mend: "choose another file with --out")
    }
    unlink(draft)
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
      throw FileError(.cannotWrite, "\(path) is a folder, and a file is written; choose another with --out")
    }
    try checkReplaced(path, holds: "a reference", option: "--out") { $0.starts(with: magic.dropLast()) }
  }

  /// Writes the file, beside its place and then renamed.
  ///
  /// - Throws: `FileError` (`cannotWrite`).
  package func write(to path: String) throws(FileError) {
    var bytes = Self.magic + Body(self).message
    bytes += Digest.bytes(of: bytes[...])
    try replaceFile(bytes, at: path, option: "--out")
  }

  /// - Throws: `FileError` (`missingInput`) if it can't be read; `Failure` (`badInput`) if it is none, damaged or of another version.
  package init(contentsOf path: String) throws {
    let file = try FileBytes(contentsOf: path)
    let bytes = file[0..<file.count]
    guard bytes.count > Self.magic.count + Self.checksumLength, bytes.starts(with: Self.magic) else {
      let kind =
        bytes.starts(with: Self.magic.dropLast()) ? "is a reference of another version of this program" : "is no reference"
      throw Failure(.badInput, "\(path) \(kind): make one with 'nnfmri-mpi monitor learn'")
    }
    let body = bytes.dropLast(Self.checksumLength)
    guard Digest.bytes(of: body) == Array(bytes.suffix(Self.checksumLength)) else {
      throw Failure(.badInput, "\(path) is damaged: its checksum isn't that of its contents; copy it again or learn it anew")
    }
    do {
      self = try Body(message: Array(body.dropFirst(Self.magic.count))).reference()
    } catch let error as Failure {
      throw Failure(.badInput, "\(path): \(error.message)")
    } catch {
      throw Failure(.badInput, "\(path) can't be understood: it is of another version of this program; learn it anew")
    }
  }

  /// - Throws: `Failure` (`badInput`) unless the model is the one that was learnt from.
  package func check(modelDigest: String, of path: String) throws(Failure) {
    guard modelDigest == origin.modelDigest else {
      throw Failure(
        .badInput,
        "\(path) isn't the model that the reference was learnt from: SHA-256 \(modelDigest.prefix(12))… instead of \(origin.modelDigest.prefix(12))…; learn a reference of it"
      )
    }
  }
}
