import Arrays
import Files
import Foundation
import Testing

@Suite("Arrays in a pipe")
struct NPYStreamTests {
  /// Version 1 of the format, by hand: magic, version, length, dictionary.
  private func npy(_ values: [Float], _ shape: String) -> [UInt8] {
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': \(shape), }\n"
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8)
      + values.withUnsafeBytes(Array.init)
  }

  private func stream(_ bytes: [UInt8]) throws -> (stream: NPYStream, pipe: Pipe) {
    let pipe = Pipe()
    try pipe.fileHandleForWriting.write(contentsOf: Data(bytes))
    try pipe.fileHandleForWriting.close()
    return (NPYStream(descriptor: pipe.fileHandleForReading.fileDescriptor, place: "pipe"), pipe)
  }

  @Test("are read one after another until it ends")
  func several() throws {
    let (stream, pipe) = try stream(npy([1, 2, 3, 4], "(2, 2)") + npy([5, 6], "(1, 2)"))
    #expect(try stream.next()?.shape == [2, 2])
    let second = try #require(try stream.next())
    #expect(second.shape == [1, 2] && second.floats(0..<2) == [5, 6])
    #expect(try stream.next() == nil)
    try pipe.fileHandleForReading.close()
  }

  @Test("are refused where one ends early, is none, or claims more than a gigabyte")
  func damage() throws {
    let whole = npy([1, 2, 3, 4], "(2, 2)")
    let huge = npy([], "(99999999, 99999)")
    for bytes in [Array(whole.dropLast()), Array(whole.prefix(7)), Array("a,b\n1,2\n3,4\n".utf8), huge] {
      let (stream, pipe) = try stream(bytes)
      #expect(throws: FileError.self) { try stream.next() }
      try pipe.fileHandleForReading.close()
    }
  }
}
