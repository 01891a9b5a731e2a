/// Streamlines in MRtrix's format, https://mrtrix.readthedocs.io/en/latest/getting_started/image_data.html#tracks-file-format-tck.
enum StreamlineFile {
  /// - Parameter streamlines: points in mm of `ScanSpace`.
  static func encode(_ streamlines: [[(x: Double, y: Double, z: Double)]]) -> [UInt8] {
    var header = "mrtrix tracks\ndatatype: Float32LE\ncount: \(streamlines.count)\nfile: . "
    // The header tells where the data begin, which depends on how long that number is.
    let rest = "\nEND\n"
    var offset = header.utf8.count + rest.utf8.count
    while header.utf8.count + "\(offset)".utf8.count + rest.utf8.count > offset { offset += 1 }
    header += "\(offset)" + rest
    var bytes = Array(header.utf8) + Array(repeating: 0, count: offset - header.utf8.count)
    func append(_ x: Float, _ y: Float, _ z: Float) {
      for value in [x, y, z] { withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 } }
    }
    for streamline in streamlines {
      for point in streamline { append(Float(point.x), Float(point.y), Float(point.z)) }
      append(.nan, .nan, .nan)
    }
    append(.infinity, .infinity, .infinity)
    return bytes
  }
}
