internal import Glibc

/// Makes a folder and those above it.
package func makeFolder(_ path: String) throws(FileError) {
  var made = path.hasPrefix("/") ? "/" : ""
  for component in path.split(separator: "/") {
    made += component + "/"
    guard mkdir(made, 0o755) == 0 || errno == EEXIST else { throw FileError.cannotWrite(path) }
  }
  var status = stat()
  guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
    throw FileError(.cannotWrite, "\(path) is a file, and a folder is needed; choose another with --out")
  }
}
