package import Files

extension NumericArray {
  /// The same array with one of its axes in front. Memory: a copy.
  ///
  /// - Throws: `FileError` where there is no memory for it.
  package func movingToFront(axis: Int) throws(FileError) -> NumericArray {
    guard axis > 0 else { return self }
    let outer = shape[..<axis].reduce(1, *)
    let inner = shape[(axis + 1)...].reduce(scalarType.byteCount, *)
    let length = shape[axis]
    let moved = try unsafe FileBytes(count: byteCount) { destination throws(FileError) in
      unsafe bytes.withBytes(offset..<offset + byteCount) { source in
        for block in 0..<outer {
          for place in 0..<length {
            let from = (block * length + place) * inner
            let to = (place * outer + block) * inner
            unsafe UnsafeMutableRawBufferPointer(rebasing: destination[to..<to + inner])
              .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[from..<from + inner]))
          }
        }
      }
    }
    var lengths = shape
    lengths.insert(lengths.remove(at: axis), at: 0)
    return NumericArray(
      shape: lengths, scalarType: scalarType, isBigEndian: isBigEndian, bytes: moved, offset: 0)
  }
}
