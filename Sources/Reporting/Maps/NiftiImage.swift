import Anatomy
internal import CNifti
import Grids

/// A map over a layer's regions as a NIfTI-1 file, https://nifti.nimh.nih.gov/nifti-1: voxel (i, j, k) is region
/// `grid_i_j_k`, at its place in `ScanSpace`.
struct NiftiImage {
  /// What the numbers are, as the header's intent.
  enum Intent {
    case estimate
    case t(degreesOfFreedom: Double)
    case z
    case p
    case variance
    case labels

    fileprivate var code: Int32 {
      switch self {
      case .estimate: NIFTI_INTENT_ESTIMATE
      case .t: NIFTI_INTENT_TTEST
      case .z: NIFTI_INTENT_ZSCORE
      case .p: NIFTI_INTENT_PVAL
      case .variance: NIFTI_INTENT_NONE
      case .labels: NIFTI_INTENT_LABEL
      }
    }
  }

  private let header: nifti_1_header
  private let data: [UInt8]

  /// - Parameters:
  ///   - values: [volumes x regions], by region number; stored as float32, or int32 for labels. One volume has three axes.
  ///   - layer: the layer's number.
  ///   - description: at most 79 bytes.
  init(_ values: [Double], layer: Int, grid: GridSize, intent: Intent, description: String) {
    precondition(
      !values.isEmpty && values.count.isMultiple(of: grid.budget), "\(values.count) values for \(grid.budget) regions")
    let volumes = values.count / grid.budget
    let space = ScanSpace(layer: layer, grid)
    var header = nifti_1_header()
    header.sizeof_hdr = Int32(MemoryLayout<nifti_1_header>.size)
    header.dim = (
      volumes == 1 ? 3 : 4, Int16(grid.height), Int16(grid.width), Int16(grid.channels), Int16(volumes), 1, 1, 1
    )
    header.intent_code = Int16(intent.code)
    if case .t(let degreesOfFreedom) = intent { header.intent_p1 = Float(degreesOfFreedom) }
    let isLabels = if case .labels = intent { true } else { false }
    header.datatype = Int16(isLabels ? NIFTI_TYPE_INT32 : NIFTI_TYPE_FLOAT32)
    header.bitpix = 32
    let (cell, origin) = (space.cellSize, space.centre(0, 0, 0))
    // The first number is the handedness of the rotation below.
    header.pixdim = (1, Float(cell.i), Float(cell.j), Float(cell.k), 0, 0, 0, 0)
    header.vox_offset = 352
    header.scl_slope = 1
    header.xyzt_units = CChar(NIFTI_UNITS_MM)
    header.qform_code = Int16(NIFTI_XFORM_SCANNER_ANAT)
    header.sform_code = Int16(NIFTI_XFORM_SCANNER_ANAT)
    // i runs against y and j with x: a quarter turn around z.
    header.quatern_d = -Float(0.5).squareRoot()
    (header.qoffset_x, header.qoffset_y, header.qoffset_z) = (Float(origin.x), Float(origin.y), Float(origin.z))
    header.srow_x = (0, Float(cell.j), 0, Float(origin.x))
    header.srow_y = (-Float(cell.i), 0, 0, Float(origin.y))
    header.srow_z = (0, 0, Float(cell.k), Float(origin.z))
    header.magic = (CChar(bitPattern: UInt8(ascii: "n")), 43, 49, 0)
    withUnsafeMutableBytes(of: &header.descrip) { $0.dropLast().copyBytes(from: description.utf8.prefix(79)) }
    self.header = header

    // In the file, i runs fastest and k slowest.
    var data: [UInt8] = []
    data.reserveCapacity(4 * values.count)
    for start in stride(from: 0, to: values.count, by: grid.budget) {
      for k in 0..<grid.channels {
        for j in 0..<grid.width {
          for i in 0..<grid.height {
            let value = values[start + k + grid.channels * (j + grid.width * i)]
            let bits = isLabels ? UInt32(bitPattern: Int32(value)) : Float(value).bitPattern
            withUnsafeBytes(of: bits.littleEndian) { data.append(contentsOf: $0) }
          }
        }
      }
    }
    self.data = data
  }

  /// The file, compressed. The bytes depend on the image alone: the gzip header has no date.
  var compressed: [UInt8] {
    // No extensions follow the header.
    let bytes = withUnsafeBytes(of: header) { Array($0) } + [0, 0, 0, 0] + data
    var stream = z_stream()
    // 16 more bits of window ask for a gzip header.
    let status = deflateInit2_(
      &stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    precondition(status == Z_OK, "zlib can't begin: \(status)")
    defer { deflateEnd(&stream) }
    var result = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))))
    let count = bytes.withUnsafeBufferPointer { source in
      result.withUnsafeMutableBufferPointer { destination in
        stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
        stream.avail_in = UInt32(source.count)
        stream.next_out = destination.baseAddress
        stream.avail_out = UInt32(destination.count)
        let status = deflate(&stream, Z_FINISH)
        precondition(status == Z_STREAM_END, "zlib can't end: \(status)")
        return Int(stream.total_out)
      }
    }
    result.removeLast(result.count - count)
    return result
  }
}
