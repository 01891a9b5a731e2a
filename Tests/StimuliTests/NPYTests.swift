import Files
import TestSupport
import Testing

@testable import Arrays
@testable import Stimuli

@Suite("An .npy file of stimuli")
struct NPYTests {
  let folder = TemporaryFolder()

  @Test(
    "is read in every plain type and byte order",
    arguments: [
      ("'|b1'", [0, 2, 1, 0], [0, 1, 1, 0]), ("'|u1'", [0, 255, 1, 7], [0, 255, 1, 7]),
      ("'|i1'", [0, 255, 1, 128], [0, -1, 1, -128]), ("'<u2'", [1, 2, 0, 255, 0, 0, 1, 0], [513, 65280, 0, 1]),
      ("'>u2'", [1, 2, 0, 255, 0, 0, 1, 0], [258, 255, 0, 256]),
      ("'<i2'", [254, 255, 0, 128, 0, 0, 1, 0], [-2, -32768, 0, 1]),
      ("'<f2'", [0, 0x3C, 0, 0xC0, 0, 0, 0xFF, 0x7B], [1, -2, 0, 65504]),
      ("'>f2'", [0x3C, 0, 0xC0, 0, 0, 0, 0x7B, 0xFF], [1, -2, 0, 65504]),
      ("'<f4'", [0, 0, 0x80, 0x3F, 0, 0, 0x20, 0xC0, 0, 0, 0, 0, 0, 0, 0, 0x3F], [1, -2.5, 0, 0.5]),
      ("'>f4'", [0x3F, 0x80, 0, 0, 0xC0, 0x20, 0, 0, 0, 0, 0, 0, 0x3F, 0, 0, 0], [1, -2.5, 0, 0.5]),
      (
        "'<f8'", [0, 0, 0, 0, 0, 0, 0xF0, 0x3F] + [0, 0, 0, 0, 0, 0, 4, 0xC0] + [UInt8](repeating: 0, count: 16),
        [1, -2.5, 0, 0]
      ),
      ("'<i4'", [255, 255, 255, 255, 0, 0, 1, 0, 0, 0, 0, 0, 5, 0, 0, 0], [-1, 65536, 0, 5]),
      ("'>u4'", [0, 0, 0, 9, 128, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0], [9, 2_147_483_648, 0, 256]),
      (
        "'<i8'",
        [UInt8](repeating: 255, count: 8) + [3, 0, 0, 0, 0, 0, 0, 0] + [UInt8](repeating: 0, count: 16), [-1, 3, 0, 0]
      ),
      (
        "'>u8'", [0, 0, 0, 0, 0, 0, 0, 4] + [UInt8](repeating: 255, count: 8) + [UInt8](repeating: 0, count: 16),
        [4, 0x1p64, 0, 0]
      ),
    ] as [(String, [UInt8], [Float])])
  func types(descriptor: String, data: [UInt8], expected: [Float]) throws {
    for version: UInt8 in 1...3 {
      let path = folder.file("x.npy", Fixtures.npy(descriptor, "(2, 2)", data, version: version))
      let set = try StimulusSet(contentsOf: path)
      #expect(set.count == 2)
      #expect(set.inputs[0].shape == [2])
      #expect(try set.floats(stimulus: 0) + set.floats(stimulus: 1) == expected)
      #expect(set.files == [path])
    }
  }

  @Test("in Fortran order is turned into C order")
  func fortran() throws {
    // numpy.asfortranarray(numpy.arange(12, dtype='u1').reshape(2, 2, 3)), as it lies in memory.
    let path = folder.file(
      "f.npy", Fixtures.npy("'|u1'", "(2, 2, 3)", [0, 6, 3, 9, 1, 7, 4, 10, 2, 8, 5, 11], fortran: true))
    var set = try StimulusSet(contentsOf: path)
    try set.setPreprocessing(Preprocessing(scale: 1))
    #expect(try set.floats(stimulus: 0) == [0, 1, 2, 3, 4, 5])
    #expect(try set.floats(stimulus: 1) == [6, 7, 8, 9, 10, 11])
  }

  @Test("written and read back is the same")
  func roundTrip() throws {
    let arrays = [
      NumericArray(shape: [2, 3], floats: [1, -2, .infinity, 0.1, .leastNonzeroMagnitude, 6]),
      NumericArray(shape: [3, 2], doubles: [1, -2, 3, 0.5, 5, 6]), NumericArray(shape: [6, 1], uint8: [1, 2, 3, 4, 5, 255]),
      NumericArray(shape: [6], int32: [.min, -1, 0, 1, 2, .max]), NumericArray(shape: [1, 2, 1], int64: [-5, 1 << 40]),
      NumericArray(shape: [2], bools: [true, false]),
    ]
    for array in arrays {
      let path = folder.path + "/y.npy"
      try array.writeNPY(to: path)
      let bytes = try FileBytes(contentsOf: path)
      let again = try NumericArray(npy: bytes, 0..<bytes.count, place: path)
      #expect(again.shape == array.shape)
      #expect(again.scalarType == array.scalarType)
      #expect(again.offset.isMultiple(of: 64))
      #expect(again.npyBytes() == array.npyBytes())
    }
  }

  @Test("of zeros takes no memory, be it longer than the machine's") func zeros() {
    let zeros = NumericArray(zeros: [1, 1 << 40], .int64)
    #expect(zeros.floats((1 << 40) - 3..<1 << 40) == [0, 0, 0])
    #expect(NumericArray(zeros: [2, 0], .float32).floats() == [])
  }

  @Test("from 1 MiB up is mapped, and read the same")
  func mapped() throws {
    let values = (0..<600_000).map { Float($0) }
    try NumericArray(shape: [6, 100_000], floats: values).writeNPY(to: folder.path + "/large.npy")
    let set = try StimulusSet(contentsOf: folder.path + "/large.npy")
    #expect(try set.floats(stimulus: 5) == Array(values[500_000...]))
  }

  @Test(
    "that is damaged or of another kind is refused in one sentence",
    arguments: [
      (Fixtures.npy("'<f4'", "(2, 2)", [0, 0, 0]), "ends before"),
      (Fixtures.npy("'<f4'", "(1, 1)", [0, 0, 0, 0, 0]), "5 bytes of data"),
      (Fixtures.npy("'<f4'", "(0, 3)", []), "no stimuli"),
      (Fixtures.npy("'<f4'", "()", [0, 0, 0, 0]), "single number"),
      (Fixtures.npy("'<f4'", "(2, 0)", []), "length 0"),
      (Fixtures.npy("'<c8'", "(1,)", [0, 0, 0, 0, 0, 0, 0, 0]), "'<c8'"),
      (Fixtures.npy("[('a', '<f4'), ('b', '<i4')]", "(1,)", [0, 0, 0, 0, 0, 0, 0, 0]), "[('a', '<f4'), ('b', '<i4')]"),
      (Fixtures.npy("'|O'", "(1,)", [0]), "'|O'"), (Fixtures.npy("'<U3'", "(1,)", [0]), "'<U3'"),
      (Fixtures.npy("'|S3'", "(1,)", [0]), "numbers that stand for the text, of labels the class numbers"),
      (Fixtures.npy("'<f4'", "(2, -2)", []), "damaged"),
      (Fixtures.npy("'<f4'", "(9999999999999, 9999999999999)", []), "damaged"),
      (Fixtures.npy("'<f4'", "(1,)", [0, 0, 0, 0], version: 1).prefix(30) + [], "ends before"),
      ([0x93] + Array("NUMPY".utf8) + [9, 0, 0, 0], "version 9"), (Array("hello, world".utf8), "does not start like"),
      ([], "does not start like"),
    ] as [([UInt8], String)])
  func damaged(bytes: [UInt8], expected: String) {
    let path = folder.file("bad.npy", bytes)
    let error = #expect(throws: StimuliError.self) { try StimulusSet(contentsOf: path) }
    #expect(error?.code == .badInput)
    #expect(error?.message.contains(expected) == true, "\(error?.message ?? "")")
    #expect(error?.message.contains(path) == true)
  }

  @Test("that cannot be written says so")
  func unwritable() {
    let error = #expect(throws: StimuliError.self) {
      try NumericArray(shape: [1], uint8: [1]).writeNPY(to: folder.path + "/none/x.npy")
    }
    #expect(error?.code == .cannotWrite)
  }
}
