import Files
internal import Stimuli

extension GlyphPhantom {
  /// Writes `model.onnx`, `stimuli.bin` (CIFAR-10 binary records) and `truth.json` into a folder, which is made if needed.
  package func write(to folder: String) throws(PhantomError) {
    let folder = try PhantomFolder(folder)
    try folder.write([("truth.json", PhantomFolder.json(TruthFile(self))), ("model.onnx", Self.networkBytes)])
    do {
      try CIFARBatch.write(
        labels: images.map(\.glyph.number), pixels: images.flatMap(\.pixels), to: folder.file("stimuli.bin"))
    } catch {
      throw PhantomError(.cannotWrite, error.message)
    }
  }

  /// `truth.json`. Boxes are [top, left, bottom, right] in pixels, ends excluded; cells are rows of the default grid.
  private struct TruthFile: Encodable {
    let phantom = "glyphs"
    let seed: UInt64
    let placement: String
    let glyphs: [String]
    let labels: [Int]
    let boxes: [[Int]]
    /// Absent where glyphs lie anywhere.
    let cells: [String: [[GlyphTruth.Cell]]]?

    init(_ phantom: GlyphPhantom) {
      seed = phantom.seed
      placement = phantom.placement == .fixed ? "fixed" : "anywhere"
      glyphs = (0..<Glyph.count).map { Glyph(number: $0).name }
      labels = phantom.images.map(\.glyph.number)
      boxes = phantom.images.map { [$0.box.top, $0.box.left, $0.box.bottom, $0.box.right] }
      guard phantom.placement == .fixed else {
        cells = nil
        return
      }
      let truths = GlyphPhantom.layers.compactMap { tensor in phantom.truth(of: tensor).map { (tensor, $0) } }
      cells = Dictionary(uniqueKeysWithValues: truths).mapValues { truth in
        (0..<truth.rows).map { row in (0..<truth.columns).map { truth[row, $0] } }
      }
    }
  }
}
