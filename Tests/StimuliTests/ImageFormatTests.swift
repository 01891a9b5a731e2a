import Files
import Glibc
import TestSupport
import Testing

@testable import Arrays
@testable import Stimuli

@Suite("Image formats")
struct ImageFormatTests {
  let folder = TemporaryFolder()

  static func record(label: UInt8, seed: Int) -> [UInt8] {
    [label] + (0..<3072).map { UInt8(truncatingIfNeeded: $0 * 7 + seed) }
  }

  @Test("CIFAR-10 batches give planes, divided by 255, and labels")
  func cifar() throws {
    let pixels = Self.record(label: 0, seed: 1).dropFirst() + Self.record(label: 0, seed: 2).dropFirst()
    let path = folder.path + "/two.bin"
    try CIFARBatch.write(labels: [9, 4], pixels: Array(pixels), to: path)
    #expect(TemporaryFolder.read(path) == Self.record(label: 9, seed: 1) + Self.record(label: 4, seed: 2))
    let set = try StimulusSet(contentsOf: path)
    #expect(set.count == 2)
    #expect(set.inputs[0].shape == [3, 32, 32])
    #expect(set.labels == [9, 4])
    #expect(try set.floats(stimulus: 1) == pixels[pixels.startIndex + 3072..<pixels.startIndex + 6144].map { Float($0) / 255 })
  }

  @Test("a folder of CIFAR-10 batches is read in the order of their names")
  func cifarFolder() throws {
    let second = folder.file("data_batch_2.bin", Self.record(label: 2, seed: 2))
    let first = folder.file("data_batch_1.bin", Self.record(label: 1, seed: 0) + Self.record(label: 8, seed: 5))
    _ = folder.file("batches.meta.txt", Array("airplane".utf8))
    let set = try StimulusSet(contentsOf: folder.path)
    #expect(set.labels == [1, 8, 2])
    #expect(set.files == [first, second])
    #expect(try set.floats(stimulus: 1).first == 5 / 255)
    #expect(try set.floats(stimulus: 2).first == 2 / 255)
  }

  @Test(
    "CIFAR-10 batches of the wrong size or content are refused",
    arguments: [
      ([UInt8](repeating: 0, count: 3074), "3074 bytes, which is no multiple of 3073"), ([], "empty"),
      (record(label: 10, seed: 0), "label 10"),
    ])
  func badCifar(bytes: [UInt8], expected: String) {
    let path = folder.file("bad.bin", bytes)
    let error = #expect(throws: StimuliError.self) { try StimulusSet(contentsOf: path) }
    #expect(error?.code == .badInput)
    #expect(error?.message.contains(expected) == true)
  }

  @Test("MNIST images find their labels beside them", arguments: [true, false], [true, false])
  func mnist(imagesPacked: Bool, labelsPacked: Bool) throws {
    let images = Fixtures.idx(8, [2, 2, 3], [0, 51, 102, 153, 204, 255, 1, 2, 3, 4, 5, 6])
    let labels = Fixtures.idx(8, [2], [5, 0])
    let path =
      imagesPacked
      ? folder.file("t10k-images-idx3-ubyte.gz", Fixtures.gzip(images)) : folder.file("t10k-images-idx3-ubyte", images)
    let labelsPath =
      labelsPacked
      ? folder.file("t10k-labels-idx1-ubyte.gz", Fixtures.gzip(labels)) : folder.file("t10k-labels-idx1-ubyte", labels)
    var set = try StimulusSet(contentsOf: path)
    #expect(set.inputs[0].shape == [1, 2, 3])
    #expect(set.labels == [5, 0])
    #expect(set.files == [path, labelsPath])
    #expect(try set.floats(stimulus: 0) == [0, 0.2, 0.4, 0.6, 0.8, 1])
    try set.fit(to: [ModelInput("x", [nil, 3])])
    #expect(set.inputs[0].shape == [2, 3])
    try set.fit(to: [ModelInput("x", [6])])
    try set.fit(to: [ModelInput("x", [2, 3, 1])])
    #expect(try set.floats(stimulus: 0) == [0, 0.2, 0.4, 0.6, 0.8, 1])
  }

  @Test("a packed file cut short anywhere is refused")
  func truncatedGzip() {
    let whole = Fixtures.gzip(Fixtures.idx(8, [1, 2, 2], [1, 2, 3, 4]))
    for length in 2..<whole.count {
      let path = folder.file("images.gz", Array(whole[..<length]))
      let error = #expect(throws: StimuliError.self) { try StimulusSet(contentsOf: path) }
      #expect(error?.code == .badInput)
    }
  }

  @Test("an IDX file of another size or of labels is refused")
  func badIDX() {
    for bytes in [
      Fixtures.idx(8, [2, 2, 3], [1]), Fixtures.idx(8, [2], [1, 2]), Fixtures.idx(8, [0, 2, 2], []),
      [0, 0, 8, 4, 0, 0, 0, 0] + [UInt8](repeating: 0xFF, count: 12),
    ] {
      let path = folder.file("images-idx3-ubyte", bytes)
      #expect(throws: StimuliError.self) { try StimulusSet(contentsOf: path) }
    }
  }

  @Test("images reach a model that wants H, W, C with their channels last")
  func channelsLast() throws {
    let pixels: [UInt8] = [1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16]
    var set = try StimulusSet(pixels: pixels, channels: 2, height: 2, width: 3, description: "two planes")
    try set.setPreprocessing(Preprocessing(scale: 1, mean: [0, 10]))
    try set.fit(to: [ModelInput("x", [2, 3, 2])])
    #expect(set.inputs[0].shape == [2, 3, 2])
    #expect(try set.floats(stimulus: 0) == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6])
  }

  @Test("the CIFAR-10 test images beside the project read as they should")
  func sharedImages() throws {
    let path = "../shared/data/cifar10/test_1000.bin"
    guard access(path, R_OK) == 0 else {
      print("skipped: \(path) is not there")
      return
    }
    let set = try StimulusSet(contentsOf: path)
    #expect(set.count == 1000)
    #expect(set.inputs[0].shape == [3, 32, 32])
    let bytes = TemporaryFolder.read(path)
    #expect(set.labels == (0..<1000).map { Int(bytes[$0 * 3073]) })
    #expect(try set.floats(stimulus: 999) == bytes[(999 * 3073 + 1)...].map { Float($0) / 255 })
  }
}
