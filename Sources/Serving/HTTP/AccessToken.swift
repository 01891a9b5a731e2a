import Files
internal import FoundationEssentials
import UserErrors

/// What a client has to know to be answered.
package struct AccessToken: Sendable {
  /// The fewest characters, so that it can't be guessed.
  private static let leastLength = 16

  /// SHA-256 of the token: comparisons of digests take the same time whatever was sent.
  private let digest: [UInt8]

  /// - Parameter text: the token, or `@FILE` for a file's first line.
  /// - Throws: `Failure` (`usage`) if it is too short or has characters that a header can't have, `FileError` if the file can't be read.
  package init(parsing text: String) throws {
    var token = text[...]
    if text.hasPrefix("@") {
      let path = String(text.dropFirst())
      guard let content = FileManager.default.contents(atPath: path) else {
        throw Failure(.missingInput, "\(path), which --token names, can't be read")
      }
      token = String(decoding: content, as: UTF8.self).prefix { !$0.isNewline }
    }
    guard token.count >= Self.leastLength, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw Failure(
        .usage,
        "the token has to be \(Self.leastLength) or more letters, digits and signs without spaces; 'openssl rand -hex 32' makes one"
      )
    }
    digest = Digest.bytes(of: Array(token.utf8)[...])
  }

  /// Whether an Authorization header has the token, as `Bearer TOKEN`, or as the password of `Basic`, which is what browsers ask for.
  func admits(_ header: String?) -> Bool {
    guard let header else { return false }
    let parts = header.split(separator: " ", maxSplits: 1)
    guard parts.count == 2 else { return false }
    switch parts[0].lowercased() {
    case "bearer": return isSame(Array(parts[1].utf8))
    case "basic":
      guard let decoded = Data(base64Encoded: String(parts[1])), let colon = decoded.firstIndex(of: UInt8(ascii: ":")) else {
        return false
      }
      return isSame(Array(decoded[(colon + 1)...]))
    default: return false
    }
  }

  private func isSame(_ token: [UInt8]) -> Bool {
    zip(Digest.bytes(of: token[...]), digest).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
