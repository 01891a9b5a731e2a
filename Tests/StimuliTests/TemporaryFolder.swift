import Glibc

/// A folder for one test, gone with it.
final class TemporaryFolder {
  let path: String

  init() {
    var template = Array("/tmp/stimuli-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { fatalError("no folder for temporary files") }
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  deinit {
    for name in names(in: path) { unlink(path + "/" + name) }
    rmdir(path)
  }

  /// Writes a file and returns its path.
  func file(_ name: String, _ bytes: [UInt8]) -> String {
    let target = path + "/" + name
    guard let stream = fopen(target, "wb") else { fatalError("cannot write \(target)") }
    fwrite(bytes, 1, bytes.count, stream)
    fclose(stream)
    return target
  }

  static func read(_ path: String) -> [UInt8] {
    guard let stream = fopen(path, "rb") else { fatalError("cannot read \(path)") }
    defer { fclose(stream) }
    var result: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = fread(&chunk, 1, chunk.count, stream)
      if count == 0 { return result }
      result += chunk[..<count]
    }
  }

  private func names(in folder: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      names.append(
        withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
    }
    return names.filter { $0 != "." && $0 != ".." }
  }
}
