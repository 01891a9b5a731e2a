internal import Glibc

/// A name beside a file, of this process alone, for what is renamed to it once it is written.
package func draftPath(of path: String) -> String {
  let start = path.utf8.lastIndex(of: UInt8(ascii: "/")).map(path.utf8.index(after:)) ?? path.startIndex
  return String(path[..<start]) + ".\(String(path[start...])).\(getpid()).new"
}

/// Whether a file's name is one that `draftPath` gave a process of this machine that runs no more.
package func isAbandonedDraft(_ name: String) -> Bool {
  let parts = name.split(separator: ".", omittingEmptySubsequences: false)
  guard parts.count >= 4, parts[0].isEmpty, parts.last == "new", let process = pid_t(parts[parts.count - 2]) else { return false }
  return kill(process, 0) != 0 && errno == ESRCH
}

/// Writes a whole file beside its place and renames it, so that a file that was there is whole or replaced. What a link names is replaced, with the
/// rights that it had; to a pipe or a device it is written.
///
/// - Parameter option: what the path was given with, if the user gave it.
/// - Throws: `cannotWrite`; nothing is left then.
package func replaceFile(_ bytes: [UInt8], at path: String, option: String? = nil) throws(FileError) {
  var status = stat()
  let isThere = stat(path, &status) == 0
  guard !isThere || [S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT) else { return try writeFile(bytes, to: path) }
  var place = path
  if isThere, let resolved = realpath(path, nil) {
    place = String(cString: resolved)
    free(resolved)
  }
  let draft = draftPath(of: place)
  do {
    try writeFile(bytes, to: draft)
  } catch {
    unlink(draft)
    throw error
  }
  if isThere { chmod(draft, status.st_mode & 0o7777) }
  guard rename(draft, place) == 0 else {
    let error = option.map { FileError.cannotWrite(path, mend: "choose another file with \($0)") } ?? .cannotWrite(path)
    unlink(draft)
    throw error
  }
}

/// Writes a whole file, or throws `cannotWrite` with the system's reason.
package func writeFile(_ bytes: [UInt8], to path: String) throws(FileError) {
  let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
  guard descriptor >= 0 else { throw FileError.cannotWrite(path, mend: "check that its folder exists and has room") }
  var written = 0
  while written < bytes.count {
    let count = unsafe bytes.withUnsafeBytes { buffer in
      unsafe write(descriptor, buffer.baseAddress! + written, buffer.count - written)
    }
    guard count > 0 else {
      let error = FileError.cannotWrite(path, mend: "check that its folder exists and has room")
      close(descriptor)
      throw error
    }
    written += count
  }
  guard close(descriptor) == 0 else { throw FileError.cannotWrite(path, mend: "check that its folder exists and has room") }
}
