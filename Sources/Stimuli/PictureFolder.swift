import Files
internal import Glibc
internal import Images

/// Pictures in files, PNG or JPEG, that are decoded and resized when they are read.
///
/// A folder's own pictures are taken in the order of their names, by bytes. Where they lie in sub-folders, these are the
/// classes, in the order of their names.
struct PictureFolder: Sendable {
  /// [stimuli]
  let paths: [String]
  let height: Int
  let width: Int
  private let sizing: PictureSizing

  /// The pictures that lie in a folder, with their classes where sub-folders tell them.
  ///
  /// - Throws: `badInput` if pictures lie both in the folder and below it, or if a sub-folder beside others' has none, which leaves open
  ///   what numbers classes have; `missingInput` if there are none.
  static func list(
    _ folder: String
  ) throws(StimuliError) -> (paths: [String], labels: [Int]?, classNames: [String]?) {
    let prefix = folder.hasSuffix("/") ? folder : folder + "/"
    let names = try fileNames(in: folder).filter { !$0.hasPrefix(".") }.sorted(by: Self.byBytes)
    let own = names.filter { PictureFormat.isPicture($0) && !isFolder(prefix + $0) }.map { prefix + $0 }
    var paths: [String] = []
    var labels: [Int] = []
    var classNames: [String] = []
    var empty: String?
    for name in names where isFolder(prefix + name) {
      let inside = try below(prefix + name, depth: 0)
      guard !inside.isEmpty else {
        empty = empty ?? name
        continue
      }
      paths += inside
      labels += [Int](repeating: classNames.count, count: inside.count)
      classNames.append(name)
    }
    guard own.isEmpty || paths.isEmpty else {
      throw StimuliError(
        .badInput,
        "\(folder) has pictures of its own and in sub-folders (\"\(classNames[0])\"): put them all into sub-folders, one a class, or all into one folder"
      )
    }
    if let empty, !paths.isEmpty {
      throw StimuliError(
        .badInput,
        "\(prefix)\(empty) has no pictures, so that whether it counts as a class beside \"\(classNames[0])\" can't be told: remove it if it is none; else put all pictures into one folder and give --labels"
      )
    }
    guard !own.isEmpty || !paths.isEmpty else {
      throw StimuliError(
        .missingInput,
        "\(folder) has no pictures (.png, .jpg) and no CIFAR-10 batches (.bin) in it: give a folder of either")
    }
    return own.isEmpty ? (paths, labels, classNames) : (own, nil, nil)
  }

  private static let mostDepth = 16

  private static func below(_ folder: String, depth: Int) throws(StimuliError) -> [String] {
    guard depth < mostDepth else {
      throw StimuliError(.badInput, "\(folder) is more than \(mostDepth) folders deep: it may be linked into itself")
    }
    var paths: [String] = []
    for name in try fileNames(in: folder).sorted(by: byBytes) where !name.hasPrefix(".") {
      let path = folder + "/" + name
      if isFolder(path) {
        paths += try below(path, depth: depth + 1)
      } else if PictureFormat.isPicture(name) {
        paths.append(path)
      }
    }
    return paths
  }

  private static func byBytes(_ a: String, _ b: String) -> Bool {
    a.utf8.lexicographicallyPrecedes(b.utf8)
  }

  /// Cost: the headers of all files, unless the sizing makes all equal; else none.
  /// - Throws: `badInput`, with the file's name, if one is no picture or of another size than the first.
  init(_ paths: [String], sizing: PictureSizing) throws(StimuliError) {
    self.paths = paths
    self.sizing = sizing
    var size = sizing.size(of: 1, 1)
    if !sizing.isUniform {
      for (number, path) in paths.enumerated() {
        let own = try Self.size(path)
        let its = sizing.size(of: own.height, own.width)
        if number == 0 { size = its }
        guard its == size else {
          throw StimuliError(
            .badInput,
            "\(path) is of \(its.height) x \(its.width) pixels and \(paths[0]) of \(size.height) x \(size.width): give the model's height and width with --resize HxW, or --resize shortest:N and --crop HxW"
          )
        }
      }
    }
    (height, width) = size
  }

  /// Decodes, resizes and crops a picture.
  ///
  /// - Returns: [channels x height x width]
  func pixels(_ record: Int, channels: Int) throws(StimuliError) -> [UInt8] {
    let path = paths[record]
    let bytes = try FileBytes(contentsOf: path)
    let picture = try unsafe bytes.withBytes(0..<bytes.count) { bytes throws(StimuliError) in
      do throws(ImageError) {
        return try unsafe Picture(decoding: bytes)
      } catch {
        throw StimuliError(.badInput, "\(path) \(error.reason)")
      }
    }
    let sized: Picture
    do throws(StimuliError) {
      sized = try sizing.apply(picture)
    } catch {
      throw StimuliError(.badInput, "\(path) \(error.message)")
    }
    guard sized.height == height, sized.width == width else {
      throw StimuliError(.badInput, "\(path) has changed its size while it was read: leave the pictures alone")
    }
    return sized.planes(channels: channels)
  }

  private static func size(_ path: String) throws(StimuliError) -> (height: Int, width: Int) {
    let bytes = try FileBytes(contentsOf: path)
    return try unsafe bytes.withBytes(0..<bytes.count) { bytes throws(StimuliError) in
      do throws(ImageError) {
        return try unsafe Picture.size(of: bytes)
      } catch {
        throw StimuliError(.badInput, "\(path) \(error.reason)")
      }
    }
  }
}

func isFolder(_ path: String) -> Bool {
  var status = stat()
  return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

func fileNames(in folder: String) throws(StimuliError) -> [String] {
  guard let stream = unsafe opendir(folder) else { throw FileBytes.cannotOpen(folder) }
  defer { unsafe closedir(stream) }
  var names: [String] = []
  while let entry = unsafe readdir(stream) {
    let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
      unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(validatingCString: $0) }
    }
    guard let name else {
      throw StimuliError(.badInput, "\(folder) holds a file whose name is no UTF-8: rename it")
    }
    names.append(name)
  }
  return names
}
