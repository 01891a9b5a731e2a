internal import Files
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

  private let file: ScratchFile
  private var end = 0
  private var places: [Int: Place] = [:]

  /// - Parameter folder: where there is room, on a disk of the node's own.
  /// - Throws: `LesionError` (`cannotWrite`).
  init(folder: String) throws(LesionError) {
    do {
      file = try ScratchFile(in: folder)
    } catch {
      throw LesionError(.cannotWrite, "\(folder): \(systemReason(errno)); choose another folder with --spill")
    }
  }

  /// Keeps a stimulus's tensors.
  func store(_ tensors: [Tensor], of stimulus: Int) {
    guard places[stimulus] == nil else { return }
    var offset = end
    for tensor in tensors {
      do { try tensor.withBytes { try file.write(UnsafeRawBufferPointer($0), at: offset) } } catch { return }
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
      do { try tensor.withBytes { try file.read(into: $0, at: offset) } } catch { return nil }
      offset += tensor.bytes.count
      tensors.append(tensor)
    }
    return tensors
  }
}
