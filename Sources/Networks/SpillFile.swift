internal import Glibc
import Lesion
import OnnxRuntime

/// Prefix results on disk, for more of them than memory holds.
///
/// The file has no name once it is open, so it is gone with its process, however that ends. Where the disk is full,
/// results are not kept, which costs a run of the prefix and nothing else.
final class SpillFile {
  /// Where the tensors of a stimulus are.
  private struct Place {
    let offset: Int
    let tensors: [(shape: [Int], elementType: Int32)]
  }

  private let descriptor: Int32
  private var end = 0
  private var places: [Int: Place] = [:]

  /// - Parameter folder: where there is room, on a disk of the node's own.
  /// - Throws: `LesionError` (`cannotWrite`).
  init(folder: String) throws(LesionError) {
    var template = Array("\(folder)/nnfmri-XXXXXX".utf8CString)
    descriptor = mkstemp(&template)
    guard descriptor >= 0 else {
      throw LesionError(
        .cannotWrite, "\(folder): \(String(cString: strerror(errno))); choose another folder with --spill")
    }
    unlink(template)
  }

  deinit {
    close(descriptor)
  }

  /// Keeps a stimulus's tensors.
  func store(_ tensors: [Tensor], of stimulus: Int) {
    guard places[stimulus] == nil else { return }
    var offset = end
    for tensor in tensors {
      guard transfer(UnsafeMutableRawBufferPointer(tensor.bytes), at: offset, by: { pwrite($0, $1, $2, $3) }) else {
        return
      }
      offset += tensor.bytes.count
    }
    places[stimulus] = Place(offset: end, tensors: tensors.map { ($0.shape, $0.elementType) })
    end = offset
  }

  /// The tensors of a stimulus; `nil` if they aren't kept, or can't be read.
  func tensors(of stimulus: Int, runtime: Runtime) throws -> [Tensor]? {
    guard let place = places[stimulus] else { return nil }
    var offset = place.offset
    var tensors: [Tensor] = []
    for (shape, elementType) in place.tensors {
      let tensor = try Tensor(runtime: runtime, shape: shape, elementType: elementType)
      guard transfer(tensor.bytes, at: offset, by: { pread($0, $1, $2, $3) }) else { return nil }
      offset += tensor.bytes.count
      tensors.append(tensor)
    }
    return tensors
  }

  /// Reads or writes all of a buffer. Returns whether that could be done.
  private func transfer(
    _ bytes: UnsafeMutableRawBufferPointer, at offset: Int,
    by move: (Int32, UnsafeMutableRawPointer, Int, off_t) -> Int
  ) -> Bool {
    var done = 0
    while done < bytes.count {
      let count = move(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
      guard count > 0 else { return false }
      done += count
    }
    return true
  }
}
