import Arrays
import Files
internal import Glibc
internal import Images

extension StimulusSet {
  /// The formats, for messages and help.
  package static let formats =
    "CIFAR-10 binary batches (.bin, or a folder of them), MNIST IDX images (also .gz), .npy, .npz, pictures (.png, .jpg, or a folder of them) or a table of numbers (.csv)"

  /// Before the name of an array of an `.npz` that all stimuli are given.
  package static let sharedPrefix = "shared/"

  /// Reads stimuli, and their labels where the format has them.
  ///
  /// - Parameters:
  ///   - path: a file of one of `formats`, or a folder of CIFAR-10 batches or of pictures, which are taken in the order
  ///     of their names.
  ///   - labelsPath: labels that replace those: `.npy`, IDX or text.
  ///   - inputs: the model's inputs, where they are known: other arrays of an `.npz` are left out.
  ///   - sizing: how pictures get to one size.
  /// - Throws: `missingInput` if a file is not there; `badInput` if one is not what it should be.
  package init(
    contentsOf path: String, labels labelsPath: String? = nil, inputs: [ModelInput]? = nil,
    sizing: PictureSizing = PictureSizing()
  ) throws(StimuliError) {
    do throws(StimuliError) {
      try self.init(reading: path, labels: labelsPath, inputs: inputs, sizing: sizing)
    } catch {
      // Where the model takes text, the stimuli that are refused may well be text.
      if error.code == .badInput { try ModelInput.checkText(inputs ?? []) }
      throw error
    }
  }

  private init(
    reading path: String, labels labelsPath: String?, inputs: [ModelInput]?, sizing: PictureSizing
  ) throws(StimuliError) {
    let name = path.lowercased()
    if isFolder(path) {
      if try fileNames(in: path).contains(where: { $0.lowercased().hasSuffix(".bin") }) {
        try self.init(cifarFolder: path)
      } else {
        let (paths, labels, classNames) = try PictureFolder.list(path)
        try self.init(pictures: paths, sizing: sizing, labels: labels, description: path)
        setClassNames(classNames)
      }
    } else if PictureFormat.isPicture(path) {
      try self.init(pictures: [path], sizing: sizing, labels: nil, description: path)
    } else if name.hasSuffix(".bin") {
      try self.init(cifarBatches: [path], description: path)
    } else if name.hasSuffix(".npz") {
      try self.init(npz: path, inputs: inputs)
    } else {
      var bytes = try FileBytes(contentsOf: path)
      if bytes.count >= 2, bytes[0] == 0x1F, bytes[1] == 0x8B { bytes = try inflateGzip(path) }
      if name.hasSuffix(".npy") || bytes.count >= 6 && bytes[0..<6] == NPYHeader.magic {
        let array = try NumericArray(npy: bytes, 0..<bytes.count, place: path)
        try self.init(
          [NamedArray(name: nil, array: array)], of: inputs ?? [], labels: nil, description: path, files: [path])
      } else if [".csv", ".tsv", ".csv.gz", ".tsv.gz"].contains(where: name.hasSuffix) {
        let text = String(decoding: bytes[0..<bytes.count], as: UTF8.self)
        let table = try NumberTable.read(text, path: path)
        if let (arrays, others) = table.byInput(inputs ?? []) {
          var unreadable: [String: StimuliError] = [:]
          for name in others.keys {
            unreadable[name] = StimuliError(.badInput, "\(path): column \"\(name)\" is no input of the model")
          }
          try self.init(arrays, of: inputs ?? [], unreadable: unreadable, labels: table.labels, description: path, files: [path])
          columns = others.compactMapValues(\.self)
        } else if let reason = table.reasonAgainst(inputs ?? []) {
          throw StimuliError(.badInput, "\(path) \(reason)")
        } else {
          let array = NamedArray(name: nil, array: table.array, columnNames: table.names)
          try self.init([array], labels: table.labels, description: path, files: [path])
        }
        for note in table.notes { addNote(note) }
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

  private init(
    pictures paths: [String], sizing: PictureSizing, labels: [Int]?, description: String
  ) throws(StimuliError) {
    let pictures = try PictureFolder(paths, sizing: sizing)
    try self.init(
      inputs: [StimulusInput(pictures)], count: paths.count, labels: labels, description: description, files: [],
      pictures: pictures)
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

  /// - Parameter inputs: the model's inputs, where they are known: other arrays have no say in how many stimuli there are.
  private init(npz path: String, inputs: [ModelInput]?) throws(StimuliError) {
    let archive = try ZipReader(path)
    var arrays: [NamedArray] = []
    var unreadable: [String: StimuliError] = [:]
    var labelled: [Int]?
    var labelsLeftOut: String?
    var names: Set<String> = []
    try archive.forEachMember { member, bytes, range throws(StimuliError) in
      let full = member.hasSuffix(".npy") ? String(member.dropLast(4)) : member
      let isShared = full.hasPrefix(Self.sharedPrefix)
      let name = isShared ? String(full.dropFirst(Self.sharedPrefix.count)) : full
      guard names.insert(name).inserted else {
        throw StimuliError(
          .badInput, "\(path) holds two arrays named \"\(name)\": write it with one of each name, as numpy.savez does")
      }
      let place = "\(path): array \"\(full)\""
      if name == "labels" {
        do throws(StimuliError) {
          let array = try NumericArray(npy: bytes, range, place: place)
          labelsLeftOut = reasonAgainstLabels(in: array, place: place)
          labelled = labelsLeftOut == nil ? array.integers() : nil
        } catch {
          labelsLeftOut = error.message
        }
        return
      }
      do throws(StimuliError) {
        arrays.append(
          NamedArray(name: name, array: try NumericArray(npy: bytes, range, place: place), isShared: isShared))
      } catch {
        unreadable[name] = error
      }
    }
    let wanted = Set((inputs ?? []).map(\.name))
    var columns: [String: [Int]] = [:]
    for case (let name?, let array) in arrays.map({ ($0.name, $0.array) }) where !wanted.contains(name) && array.shape.count == 1
    {
      columns[name] = array.integers()
    }
    if arrays.contains(where: { wanted.contains($0.name ?? "") }) {
      let extra = arrays.filter { !wanted.contains($0.name ?? "") }.compactMap(\.name)
      arrays.removeAll { !wanted.contains($0.name ?? "") }
      for name in extra { unreadable[name] = StimuliError(.badInput, "\(path): array \"\(name)\" is no input of the model") }
    }
    try self.init(arrays, of: inputs ?? [], unreadable: unreadable, labels: labelled, description: path, files: [path])
    self.columns = columns.filter { $0.value.count == count }
    if let labelsLeftOut { leaveOutLabels(labelsLeftOut) }
  }

  private init(idx bytes: FileBytes, path: String) throws(StimuliError) {
    let array = try NumericArray(idx: bytes, place: path)
    guard array.shape.count >= 3, array.elementCount > 0 || array.shape[0] == 0 else {
      throw StimuliError(
        .badInput,
        "\(path) holds an array of shape \(array.shape), and images have shape [stimuli, height, width]: give the images file, its labels are found beside it"
      )
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
