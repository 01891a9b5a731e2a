import Files
import TestSupport
import Testing

@testable import Arrays
@testable import Images
@testable import Stimuli

@Suite("A folder of pictures")
struct PictureFolderTests {
  let folder = TemporaryFolder()

  @Test("is read in the order of names, in the model's channels and layout")
  func flat() throws {
    _ = folder.file("b.JPG", SmallPictures.red)
    _ = folder.file("a.png", SmallPictures.blue)
    _ = folder.file("notes.txt", text: "none")
    _ = folder.file(".hidden.png", text: "none")
    var set = try StimulusSet(contentsOf: folder.path)
    #expect(set.count == 2)
    #expect(set.labels == nil)
    #expect(set.files.map { $0.split(separator: "/").last! } == ["a.png", "b.JPG"])
    try set.fit(to: [ModelInput("x", [3, 2, 4])])
    #expect(try set.floats(stimulus: 0) == [Float](repeating: 0, count: 16) + [Float](repeating: 1, count: 8))
    try set.fit(to: [ModelInput("x", [nil, nil, 3])])
    #expect(set.inputs[0].shape == [2, 4, 3])
    #expect(try set.floats(stimulus: 0).prefix(6) == [0, 0, 1, 0, 0, 1])
    try set.fit(to: [ModelInput("x", [1, 2, 4])])
    #expect(try set.floats(stimulus: 0) == [Float](repeating: 29 / 255, count: 8))
    #expect(set.prefix(1).files.count == 1)
  }

  @Test("has sub-folders as classes")
  func classes() throws {
    for (name, picture) in [
      ("dog/1.png", SmallPictures.blue), ("cat/deep/2.png", SmallPictures.blue), ("cat/1.jpeg", SmallPictures.red),
    ] {
      _ = folder.fileWithFolders(name, picture)
    }
    let set = try StimulusSet(contentsOf: folder.path)
    #expect(set.classNames == ["cat", "dog"])
    #expect(set.labels == [0, 0, 1])
    #expect(set.files.map { $0.dropFirst(folder.path.count + 1) } == ["cat/1.jpeg", "cat/deep/2.png", "dog/1.png"])
    #expect(try StimulusSelection("class=dog").apply(to: set).records == [2])
  }

  @Test("with a sub-folder that is empty is refused, since numbers of classes hang on it")
  func emptyClass() throws {
    for name in ["cat/1.png", "emu/1.png"] { _ = folder.fileWithFolders(name, SmallPictures.blue) }
    _ = folder.fileWithFolders("dog/notes.txt", [])
    let error = #expect(throws: StimuliError.self) { try StimulusSet(contentsOf: folder.path) }
    #expect(error?.message.contains("/dog has no pictures") == true, "\(String(describing: error))")
  }

  @Test("brings pictures of all sizes to one")
  func sizing() throws {
    _ = folder.file("a.png", SmallPictures.blue)
    _ = folder.file("b.png", SmallPictures.tall)
    let error = #expect(throws: StimuliError.self) { try StimulusSet(contentsOf: folder.path) }
    #expect(error?.message.contains("--resize") == true)
    var set = try StimulusSet(contentsOf: folder.path, sizing: PictureSizing(resize: "3x5", crop: nil))
    try set.fit(to: [ModelInput("x", [3, 3, 5])])
    #expect(try set.floats(stimulus: 1).count == 45)
    set = try StimulusSet(contentsOf: folder.path, sizing: PictureSizing(resize: "shortest:6", crop: "4x4"))
    #expect(set.inputs[0].shape == [3, 4, 4])
    #expect(throws: StimuliError.self) {
      try StimulusSet(contentsOf: folder.path, sizing: PictureSizing(resize: "shortest:6", crop: nil))
    }
  }

  @Test("names the file that can't be read")
  func damaged() throws {
    _ = folder.file("a.png", SmallPictures.blue)
    let bad = folder.file("b.png", SmallPictures.blue.dropLast(20))
    let set = try StimulusSet(contentsOf: folder.path)
    #expect(try set.floats(stimulus: 0).count == 24)
    let error = #expect(throws: StimuliError.self) { try set.floats(stimulus: 1) }
    #expect(error?.message.hasPrefix(bad) == true, "\(String(describing: error))")
    _ = folder.file("c.jpg", text: "no picture")
    let other = #expect(throws: StimuliError.self) { try StimulusSet(contentsOf: folder.path) }
    #expect(other?.message.contains("c.jpg") == true)
  }

  @Test("with pictures both inside and below is refused")
  func mixed() {
    _ = folder.file("a.png", SmallPictures.blue)
    _ = folder.fileWithFolders("cat/b.png", SmallPictures.blue)
    let error = #expect(throws: StimuliError.self) { try StimulusSet(contentsOf: folder.path) }
    #expect(error?.message.contains("\"cat\"") == true)
  }

  @Test("can be a single picture")
  func single() throws {
    let set = try StimulusSet(contentsOf: folder.file("a.png", SmallPictures.blue))
    #expect(set.count == 1)
  }

  @Test(
    "sizes that can't be read are refused", arguments: ["0x4", "4x", "x", "shortest:", "-3", "4x4x4", "99999x1", "shortest:0"])
  func badSizes(text: String) {
    #expect(throws: StimuliError.self) { try PictureSizing(resize: text, crop: nil) }
    #expect(throws: StimuliError.self) { try PictureSizing(resize: nil, crop: text) }
  }

  @Test("shortest sides keep the proportion, rounded down", arguments: [(100, 150, 40, 60), (151, 100, 60, 40), (7, 7, 40, 40)])
  func shortest(height: Int, width: Int, newHeight: Int, newWidth: Int) throws {
    let sizing = try PictureSizing(resize: "shortest:40", crop: nil)
    #expect(sizing.size(of: height, width) == (newHeight, newWidth))
  }
}
