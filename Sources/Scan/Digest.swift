internal import CMessageDigest
internal import Glibc

/// SHA-256 of files and texts, as 64 hexadecimal digits.
enum Digest {
  /// The digest of files' contents, one after another. Cost: one read of each; memory: one block.
  static func ofFiles(_ paths: [String]) throws(ScanError) -> String {
    var context = SHA2_CTX()
    SHA256Init(&context)
    var block = [UInt8](repeating: 0, count: 1 << 20)
    for path in paths {
      guard let file = fopen(path, "rb") else {
        throw ScanError(.missingInput, "\(path): \(String(cString: strerror(errno)))")
      }
      defer { fclose(file) }
      while true {
        let count = fread(&block, 1, block.count, file)
        guard count > 0 else { break }
        SHA256Update(&context, block, count)
      }
      guard ferror(file) == 0 else { throw ScanError(.badInput, "\(path): can't be read to its end") }
    }
    return finish(&context)
  }

  static func of(_ bytes: [UInt8]) -> String {
    var context = SHA2_CTX()
    SHA256Init(&context)
    SHA256Update(&context, bytes, bytes.count)
    return finish(&context)
  }

  private static func finish(_ context: inout SHA2_CTX) -> String {
    var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
    SHA256Final(&digest, &context)
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
