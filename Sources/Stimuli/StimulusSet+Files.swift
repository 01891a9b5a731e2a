import Arrays
import Files
internal import Glibc

extension StimulusSet {
  /// The formats, for messages and help.
  package static let formats =
    "CIFAR-10 binary batches (.bin, or a folder of them), MNIST IDX images (also .gz), .npy, .npz"

  /// Reads stimuli, and their labels where the format has them.
  ///
  /// - Parameters:
  ///   - path: a file of one of `formats`, or a folder of CIFAR-10 batches, which are taken in the order of their names.
  ///   - labelsPath: labels that replace those: `.npy`, IDX or text.
  /// - Throws: `missingInput` if a file is not there; `badInput` if one is not what it should be.
  package init(contentsOf path: String, labels labelsPath: String? = nil) throws(StimuliError) {
    if isFolder(path) {
      try self.init(cifarFolder: path)
    } else if path.lowercased().hasSuffix(".bin") {
      try self.init(cifarBatches: [path], description: path)
    } else if path.lowercased().hasSuffix(".npz") {
      try self.init(npz: path)
    } else {
      var bytes = try FileBytes(contentsOf: path)
      if bytes.count >= 2, bytes[0] == 0x1F, bytes[1] == 0x8B { bytes = try inflateGzip(path) }
      if path.lowercased().hasSuffix(".npy") || bytes.count >= 6 && bytes[0..<6] == NPYHeader.magic {
        let array = try NumericArray(npy: bytes, 0..<bytes.count, place: path)
        try self.init([(nil, array)], labels: nil, description: path, files: [path])
      } else if NumericArray.isIDX(bytes) {
        try self.init(idx: bytes, path: path)
      } else {
        throw StimuliError(.badInput, "\(path) is of no format that is read: give \(Self.formats)")
      }
    }

    if let labelsPath {
      try setLabels(readLabels(labelsPath), from: labelsPath)
      addFile(labelsPath)
    }
  }

  private init(cifarFolder folder: String) throws(StimuliError) {
    let names = try fileNames(in: folder).filter { $0.lowercased().hasSuffix(".bin") }.sorted()
    guard !names.isEmpty else {
      throw StimuliError(.missingInput, "\(folder) has no .bin files in it: give a folder of CIFAR-10 binary batches")
    }
    let prefix = folder.hasSuffix("/") ? folder : folder + "/"
    try self.init(cifarBatches: names.map { prefix + $0 }, description: folder)
  }

  private init(cifarBatches paths: [String], description: String) throws(StimuliError) {
    var segments: [StimulusInput.Segment] = []
    var labels: [Int] = []
    for path in paths {
      let (segment, itsLabels) = try CIFARBatch.read(path)
      segments.append(segment)
      labels += itsLabels
    }
    let input = StimulusInput(
      name: nil, shape: [3, 32, 32], scalarType: .uint8, isBigEndian: false, isImage: true, segments: segments)
    try self.init(inputs: [input], count: labels.count, labels: labels, description: description, files: paths)
  }

  private init(npz path: String) throws(StimuliError) {
    let archive = try ZipReader(path)
    var arrays: [(name: String?, array: NumericArray)] = []
    var labelled: [Int]?
    try archive.forEachMember { member, bytes, range throws(StimuliError) in
      let name = member.hasSuffix(".npy") ? String(member.dropLast(4)) : member
      let place = "\(path): array \"\(name)\""
      let array = try NumericArray(npy: bytes, range, place: place)
      if name == "labels" {
        labelled = try Stimuli.labels(in: array, place: place)
      } else {
        arrays.append((name, array))
      }
    }
    try self.init(arrays, labels: labelled, description: path, files: [path])
  }

  private init(idx bytes: FileBytes, path: String) throws(StimuliError) {
    let array = try NumericArray(idx: bytes, place: path)
    guard array.shape.count >= 3, array.elementCount > 0 || array.shape[0] == 0 else {
      throw StimuliError(
        .badInput,
        "\(path) holds an array of shape \(array.shape), and images have shape [stimuli, height, width]: give the images file, its labels are found beside it")
    }
    let axes = Array(array.shape.dropFirst())
    let input = StimulusInput(
      name: nil, shape: axes.count == 2 ? [1] + axes : axes, scalarType: array.scalarType,
      isBigEndian: array.isBigEndian, isImage: true,
      segments: [
        StimulusInput.Segment(
          bytes: array.bytes, offset: array.offset, stride: axes.reduce(1, *) * array.scalarType.byteCount,
          count: array.shape[0])
      ])
    let labelsPath = idxLabelsPath(beside: path)
    try self.init(
      inputs: [input], count: array.shape[0], labels: nil, description: path,
      files: [path])
    if let labelsPath {
      try setLabels(readLabels(labelsPath), from: labelsPath)
      addFile(labelsPath)
    }
  }
}

/// The labels file that belongs to an IDX images file by the usual naming (`train-images-idx3-ubyte` and
/// `train-labels-idx1-ubyte`, packed or not); nil if there is none.
private func idxLabelsPath(beside path: String) -> String? {
  let slash = path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex
  let name = String(path[slash...])
  let plain = name.hasSuffix(".gz") ? String(name.dropLast(3)) : name
  guard let images = plain.firstRange(of: "images") else { return nil }
  var renamed = plain
  renamed.replaceSubrange(images, with: "labels")
  for axes in ["idx3", "idx4"] {
    if let range = renamed.firstRange(of: axes) { renamed.replaceSubrange(range, with: "idx1") }
  }
  let candidates = [renamed, renamed + ".gz"].map { String(path[..<slash]) + $0 }
  return candidates.first { unsafe access($0, R_OK) == 0 }
}

private func isFolder(_ path: String) -> Bool {
  var status = stat()
  return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

private func fileNames(in folder: String) throws(StimuliError) -> [String] {
  guard let stream = unsafe opendir(folder) else { throw FileBytes.cannotOpen(folder) }
  defer { unsafe closedir(stream) }
  var names: [String] = []
  while let entry = unsafe readdir(stream) {
    names.append(unsafe withUnsafePointer(to: &entry.pointee.d_name) {
      unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
    })
  }
  return names
}
