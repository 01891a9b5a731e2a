package import Files

extension NumericArray {
  /// Reads an `.npy` file that lies in `range` of the bytes. Fortran order is turned into C order.
  ///
  /// - Throws: `badInput` if it is damaged, shorter or longer than its shape says, or not of numbers.
  package init(npy bytes: FileBytes, _ range: Range<Int>, place: String) throws(FileError) {
    let header = try NPYHeader(bytes, range, place: place)
    let needed = header.shape.reduce(1, *) * header.scalarType.byteCount
    let present = range.upperBound - header.dataOffset
    guard present >= needed else { throw NPYHeader.truncated(place) }
    guard present == needed else {
      throw FileError(
        .badInput,
        "\(place) has \(present) bytes of data, and shape \(header.shape) of \(header.scalarType) takes \(needed): write it anew with numpy.save"
      )
    }
    let stored = NumericArray(
      shape: header.shape, scalarType: header.scalarType, isBigEndian: header.isBigEndian, bytes: bytes,
      offset: header.dataOffset)
    self = header.isFortranOrder && header.shape.count > 1 ? try stored.transposedFromFortranOrder() : stored
  }

  /// The same array in C order, where the bytes are in Fortran order: the first axis varies fastest.
  private func transposedFromFortranOrder() throws(FileError) -> NumericArray {
    let size = scalarType.byteCount
    var strides: [Int] = []
    var stride = size
    for length in shape {
      strides.append(stride)
      stride *= length
    }
    let reordered = try unsafe FileBytes(count: byteCount) { destination throws(FileError) in
      unsafe bytes.withBytes(offset..<offset + byteCount) { source in
        var position = [Int](repeating: 0, count: shape.count)
        var from = 0
        for to in Swift.stride(from: 0, to: byteCount, by: size) {
          for byte in 0..<size { unsafe destination[to + byte] = source[from + byte] }
          var axis = shape.count - 1
          while axis >= 0 {
            position[axis] += 1
            from += strides[axis]
            if position[axis] < shape[axis] { break }
            from -= strides[axis] * shape[axis]
            position[axis] = 0
            axis -= 1
          }
        }
      }
    }
    return NumericArray(shape: shape, scalarType: scalarType, isBigEndian: isBigEndian, bytes: reordered, offset: 0)
  }

  /// The array as an `.npy` file of version 1.0, little-endian, C order, data at a multiple of 64 as NumPy lays it.
  package func npyBytes() -> [UInt8] {
    var file = Self.npyHeader(shape: shape, descriptor: descriptor)
    file.reserveCapacity(file.count + byteCount)
    unsafe bytes.withBytes(offset..<offset + byteCount) { source in
      if isBigEndian {
        let size = scalarType.byteCount
        for index in 0..<source.count {
          let (element, byte) = index.quotientAndRemainder(dividingBy: size)
          unsafe file.append(source[element * size + size - 1 - byte])
        }
      } else {
        unsafe file.append(contentsOf: source)
      }
    }
    return file
  }

  /// The header of a file of little-endian float32 in C order, for a writer that puts the elements behind it itself.
  package static func npyHeaderOfFloats(shape: [Int]) -> [UInt8] {
    npyHeader(shape: shape, descriptor: "<f4")
  }

  /// Version 1.0, C order, padded so that the data starts at a multiple of 64.
  private static func npyHeader(shape: [Int], descriptor: String) -> [UInt8] {
    let shapeText = shape.count == 1 ? "(\(shape[0]),)" : "(" + shape.map(String.init).joined(separator: ", ") + ")"
    var dictionary = "{'descr': '\(descriptor)', 'fortran_order': False, 'shape': \(shapeText), }"
    let prefixLength = NPYHeader.magic.count + 4
    let unpadded = prefixLength + dictionary.utf8.count + 1
    dictionary += String(repeating: " ", count: (64 - unpadded % 64) % 64) + "\n"
    return NPYHeader.magic + [1, 0] + littleEndianBytes(UInt16(dictionary.utf8.count)) + dictionary.utf8
  }

  private var descriptor: String {
    switch scalarType {
    case .bool: "|b1"
    case .uint8: "|u1"
    case .int8: "|i1"
    case .uint16: "<u2"
    case .int16: "<i2"
    case .uint32: "<u4"
    case .int32: "<i4"
    case .uint64: "<u8"
    case .int64: "<i8"
    case .float16: "<f2"
    case .float32: "<f4"
    case .float64: "<f8"
    }
  }

  /// Writes an `.npy` file.
  ///
  /// - Throws: `cannotWrite`.
  package func writeNPY(to path: String) throws(FileError) {
    try writeFile(npyBytes(), to: path)
  }
}
