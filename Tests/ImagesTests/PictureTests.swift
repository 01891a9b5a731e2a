import Testing

@testable import Images

@Suite("A picture")
struct PictureTests {
  private func decoded(_ bytes: [UInt8]) throws -> Picture {
    try bytes.withUnsafeBytes { try Picture(decoding: $0) }
  }

  @Test(
    "reads as Pillow reads it",
    arguments: [
      ("png", PillowOracle.png), ("palette", PillowOracle.palettePNG), ("png", PillowOracle.transparentPNG),
      ("jpeg", PillowOracle.jpeg), ("progressive", PillowOracle.progressiveJPEG), ("greyJPEG", PillowOracle.greyJPEG),
      ("inkJPEG", PillowOracle.inkJPEG),
    ])
  func decoding(name: String, bytes: [UInt8]) throws {
    let picture = try decoded(bytes)
    #expect(picture.height == 11 && picture.width == 17)
    #expect(PillowOracle.sum(picture.pixels) == PillowOracle.sums[name])
    #expect(try bytes.withUnsafeBytes { try Picture.size(of: $0) } == (11, 17))
  }

  @Test("is turned upright as its EXIF block says")
  func orientation() throws {
    let picture = try decoded(PillowOracle.turnedJPEG)
    #expect(picture.height == 17 && picture.width == 11)
    #expect(PillowOracle.sum(picture.pixels) == PillowOracle.sums["turned"])
    #expect(try PillowOracle.turnedJPEG.withUnsafeBytes { try Picture.size(of: $0) } == (17, 11))
  }

  @Test("turned twice, four times or mirrored twice is itself again")
  func turns() {
    let picture = Picture(height: 2, width: 3, pixels: (0..<18).map { UInt8($0) })
    for orientation in [2, 3, 4, 5, 7] {
      #expect(picture.upright(orientation: orientation).upright(orientation: orientation) == picture)
    }
    #expect(picture.upright(orientation: 6).upright(orientation: 8) == picture)
    #expect(picture.upright(orientation: 6).upright(orientation: 6) == picture.upright(orientation: 3))
    // The first row of what a camera held on its right side becomes the last column.
    #expect(picture.upright(orientation: 6).pixels[3..<6] == picture.pixels[0..<3])
  }

  @Test("of sixteen bits keeps the curve of its brightness")
  func deep() throws {
    let planes = try decoded(PillowOracle.deepPNG).planes(channels: 3)
    for pixel in 0..<11 * 17 {
      #expect(abs(Double(planes[pixel]) - Double(pixel * 350) / 257) <= 1)
    }
  }

  @Test("in grey has the brightness that Pillow gives it")
  func grey() throws {
    #expect(PillowOracle.sum(try decoded(PillowOracle.png).planes(channels: 1)) == PillowOracle.sums["grey"])
    #expect(PillowOracle.sum(try decoded(PillowOracle.greyPNG).planes(channels: 1)) == PillowOracle.sums["grey"])
  }

  @Test("has its colours one after the other as planes")
  func planes() {
    let picture = Picture(height: 1, width: 2, pixels: [1, 2, 3, 4, 5, 6])
    #expect(picture.planes(channels: 3) == [1, 4, 2, 5, 3, 6])
  }

  @Test("is resized to the bytes that Pillow gives", arguments: ["5x7", "11x5", "4x17", "23x40", "1x1", "11x34", "8x8"])
  func resizing(size: String) throws {
    let sides = size.split(separator: "x").map { Int($0)! }
    let resized = try decoded(PillowOracle.png).resized(height: sides[0], width: sides[1])
    #expect(PillowOracle.sum(resized.pixels) == PillowOracle.sums[size])
  }

  @Test("of one colour keeps it at any size", arguments: [(1, 1), (3, 50), (50, 3), (64, 64)])
  func constancy(height: Int, width: Int) {
    let picture = Picture(height: 9, width: 7, pixels: (0..<9 * 7 * 3).map { [10, 200, 255][$0 % 3] })
    let resized = picture.resized(height: height, width: width)
    #expect(resized.pixels == (0..<height * width * 3).map { [10, 200, 255][$0 % 3] })
  }

  @Test("is cropped to its middle, and black where it doesn't reach")
  func cropping() {
    let picture = Picture(height: 3, width: 3, pixels: (1...9).flatMap { [UInt8($0), UInt8($0), UInt8($0)] })
    #expect(picture.cropped(height: 1, width: 1).pixels == [5, 5, 5])
    #expect(picture.cropped(height: 3, width: 1).planes(channels: 1) == [2, 5, 8])
    #expect(picture.cropped(height: 5, width: 1).planes(channels: 1) == [0, 2, 5, 8, 0])
    #expect(picture.cropped(height: 3, width: 3) == picture)
  }

  @Test("cut short anywhere is refused", arguments: [PillowOracle.png, PillowOracle.jpeg, PillowOracle.progressiveJPEG])
  func truncation(whole: [UInt8]) {
    // The last bytes only say that the file ends.
    for length in 0..<whole.count - 14 {
      #expect(throws: ImageError.self) { try decoded(Array(whole[..<length])) }
    }
  }

  @Test("that claims more pixels than fit is refused before they are made room for")
  func hugeClaim() {
    var bytes = PillowOracle.png
    bytes.replaceSubrange(16..<24, with: [0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF])
    #expect(throws: ImageError.self) { try decoded(bytes) }
  }

  @Test("of another format is refused with the formats that are read")
  func otherFormats() throws {
    let error = try #require(throws: ImageError.self) { try decoded(Array("GIF89a".utf8)) }
    #expect(error.reason.contains("PNG") && error.reason.contains("JPEG"))
  }
}
