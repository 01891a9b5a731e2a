internal import CMessageDigest
internal import Glibc

/// SHA-256.
package enum Digest {
  /// The digest of files' contents, one after another, as 64 hexadecimal digits. Cost: one read of each; memory: one block.
  ///
  /// - Throws: `cannotRead` with the file and the system's reason.
  package static func ofFiles(_ paths: [String]) throws(FileError) -> String {
    var context = SHA2_CTX()
    SHA256Init(&context)
    var block = [UInt8](repeating: 0, count: 1 << 20)
    for path in paths {
      guard let file = fopen(path, "rb") else {
        throw FileError(.missingInput, "\(path): \(systemReason(errno))")
      }
      defer { fclose(file) }
      while true {
        let count = fread(&block, 1, block.count, file)
        guard count > 0 else { break }
        SHA256Update(&context, block, count)
      }
      guard ferror(file) == 0 else { throw FileError(.badInput, "\(path): can't be read to its end") }
    }
    return hexadecimal(finish(&context))
  }

  /// The digest's 32 bytes.
  package static func bytes(of bytes: ArraySlice<UInt8>) -> [UInt8] {
    var context = SHA2_CTX()
    SHA256Init(&context)
    bytes.withUnsafeBytes { SHA256Update(&context, $0.baseAddress, $0.count) }
    return finish(&context)
  }

  /// The digest as 64 hexadecimal digits.
  package static func hexadecimal(of bytes: [UInt8]) -> String {
    hexadecimal(Self.bytes(of: bytes[...]))
  }

  private static func finish(_ context: inout SHA2_CTX) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
    SHA256Final(&digest, &context)
    return digest
  }

  private static func hexadecimal(_ digest: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
