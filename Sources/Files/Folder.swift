internal import Glibc

/// Makes a folder and those above it.
///
/// - Throws: `cannotWrite` with the first folder that can't be made and the system's reason.
package func makeFolder(_ path: String) throws(FileError) {
  var made = path.hasPrefix("/") ? "/" : ""
  for component in path.utf8.split(separator: UInt8(ascii: "/")) {
    made += String(Substring(component)) + "/"
    guard mkdir(made, 0o755) == 0 || errno == EEXIST else { throw FileError.cannotWrite(path) }
  }
  var status = stat()
  guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
    throw FileError(.cannotWrite, "\(path) is a file, and a folder is needed; choose another with --out")
  }
}

/// The folder that a path lies in.
package func folder(of path: String) -> String {
  path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[..<$0]) } ?? "."
}

/// What a path names in its folder; the path itself where it ends in a slash only.
package func fileName(of path: String) -> String {
  path.utf8.split(separator: UInt8(ascii: "/")).last.map { String(Substring($0)) } ?? path
}

/// Makes a rename in a path's folder durable. fsync(2).
///
/// - Throws: `FileError` (`cannotWrite`).
package func synchronizeFolder(of path: String) throws(FileError) {
  let folder = folder(of: path)
  let descriptor = open(folder, O_RDONLY)
  guard descriptor >= 0 else { throw FileError.cannotWrite(folder) }
  defer { close(descriptor) }
  guard fsync(descriptor) == 0 else { throw FileError.cannotWrite(folder) }
}
