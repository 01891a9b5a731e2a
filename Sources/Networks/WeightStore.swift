import Files
internal import FoundationEssentials
internal import Glibc
internal import ModelGraph
package import OnnxRuntime

/// Weights of a model in the forms in which the runtime's kernels want them, held once for all processes of a machine.
///
/// The runtime copies weights when it makes a session: it rearranges those of convolutions into blocks of channels and
/// those of matrix products into panels. Each process would hold such copies, for the prefix and the suffix of a layer.
/// Here the first process that needs a session has the runtime write the optimised model; the weights go into one file in
/// which equal ones are stored once, and every process maps that file. Since it is the runtime that rearranged them, a
/// session gives the same bits as one that was made without a store.
///
/// The folder is the model's own in the machine's folder of temporary files. Processes take turns in making models, by
/// file locks, and the last one to let go of the store removes it. What a killed job left behind is used by its
/// successor, and removed by any other scan on that machine.
///
/// Not for two threads of a process; it is marked as sendable since it is part of a session's options.
package final class WeightStore: OptimizedModels, @unchecked Sendable {
  private static let prefix = "nnfmri-weights-"
  /// Of the file system and of the processor: no weight shares a page with another that might not be needed.
  private static let alignment = 4096

  let folder: String
  /// Held, shared, for as long as this process uses the folder.
  private let lock: FileLock
  private let complain: (String) -> Void
  private var hasComplained = false

  /// - Parameters:
  ///   - digest: tells the model, with its weights, from others.
  ///   - parent: a folder of this machine.
  ///   - complain: takes a sentence, once, if the store can't be used, and sessions hold their own weights.
  /// - Returns: `nil` if the folder can't be made.
  package init?(digest: String, runtime: Runtime, in parent: String, complain: @escaping (String) -> Void) {
    folder = "\(parent)/\(Self.prefix)\(getuid())-\(digest.prefix(16))-\(runtime.version)"
    self.complain = complain
    Self.removeAbandoned(in: parent, except: folder)
    guard let lock = Self.claim(folder) else {
      complain("\(folder) can't be written, so ranks hold the weights each for itself: \(StoreError()).")
      return nil
    }
    self.lock = lock
  }

  deinit {
    if lock.isLast() { Self.remove(folder) }
  }

  package func optimized(
    _ model: [UInt8], runtime: Runtime, options: Session.Options
  ) -> (graph: [UInt8], folder: String)? {
    let source = model + Array("threads \(options.threads)".utf8)
    let name = "\(folder)/\(String(ContentHash.of(source), radix: 16))"
    do {
      if let graph = stored(name, source) { return (graph, folder) }
      guard let turn = FileLock(folder + "/turn") else { throw StoreError() }
      turn.lock()
      if let graph = stored(name, source) { return (graph, folder) }
      let graph = try make(model, runtime, options)
      try write(graph, to: name + ".onnx")
      try write(source, to: name + ".source")
      return (graph, folder)
    } catch {
      if !hasComplained {
        complain("\(folder): a model can't be kept there, so a rank holds its weights for itself: \(error).")
      }
      hasComplained = true
      return nil
    }
  }

  private struct StoreError: Error, CustomStringConvertible {
    let description = String(cString: strerror(errno))
  }

  /// The optimised form of a model, if it is there. The name is a hash only, so the source is compared.
  private func stored(_ name: String, _ source: [UInt8]) -> [UInt8]? {
    guard let known = FileManager.default.contents(atPath: name + ".source"), known.elementsEqual(source) else {
      return nil
    }
    return FileManager.default.contents(atPath: name + ".onnx").map(Array.init)
  }

  /// Has the runtime write the optimised model, and takes over its weights. The caller has the turn.
  private func make(_ model: [UInt8], _ runtime: Runtime, _ options: Session.Options) throws -> [UInt8] {
    let draft = folder + "/draft"
    try? FileManager.default.removeItem(atPath: draft)
    guard mkdir(draft, 0o700) == 0 else { throw StoreError() }
    defer { try? FileManager.default.removeItem(atPath: draft) }
    try Session.writeOptimized(
      model, runtime: runtime, options: options, to: draft + "/model.onnx", weights: "weights")
    guard let written = FileManager.default.contents(atPath: draft + "/model.onnx") else { throw StoreError() }
    let source = try? Data(contentsOf: URL(filePath: draft + "/weights"), options: .alwaysMapped)
    var blobs = try BlobFile(folder + "/weights")
    let graph = try relocatingWeights(Array(written), to: "weights") { range in
      guard let source, range.offset + range.length <= source.count else { throw StoreError() }
      return try source.withUnsafeBytes {
        try blobs.offset(
          of: UnsafeRawBufferPointer(rebasing: $0[range.offset..<(range.offset + range.length)]),
          alignment: Self.alignment)
      }
    }
    try blobs.writeIndex()
    return graph
  }

  /// Written beside and renamed: another process reads it without a lock.
  private func write(_ bytes: [UInt8], to path: String) throws {
    let draft = path + ".new"
    guard FileManager.default.createFile(atPath: draft, contents: Data(bytes)), rename(draft, path) == 0 else {
      throw StoreError()
    }
  }

  // MARK: The folder

  /// Makes the folder where it isn't there, and holds it.
  private static func claim(_ folder: String) -> FileLock? {
    // Another process may be removing it: a lock on a file that is gone is worth nothing.
    for _ in 0..<100 {
      guard mkdir(folder, 0o700) == 0 || errno == EEXIST, isOwn(folder) else { return nil }
      guard let lock = FileLock(folder + "/lock") else {
        if errno == ENOENT { continue }
        return nil
      }
      lock.share()
      if lock.isInPlace { return lock }
    }
    return nil
  }

  /// Whether nobody else could have put something into it: the parent is open to all users.
  private static func isOwn(_ folder: String) -> Bool {
    var status = stat()
    return lstat(folder, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR && status.st_uid == getuid()
      && status.st_mode & 0o022 == 0
  }

  /// Removes stores that no process holds.
  private static func removeAbandoned(in parent: String, except folder: String) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? [] where name.hasPrefix(prefix) {
      let path = "\(parent)/\(name)"
      guard path != folder, isOwn(path), let lock = FileLock(path + "/lock") else { continue }
      if lock.isLast() { remove(path) }
    }
  }

  private static func remove(_ folder: String) {
    // The lock's file last, so that whoever waits for it finds the rest gone.
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where name != "lock" {
      try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
    }
    try? FileManager.default.removeItem(atPath: folder)
  }
}
