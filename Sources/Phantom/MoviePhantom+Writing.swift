import Files
internal import Stimuli

extension MoviePhantom {
  /// Writes `model.onnx`, `stimuli.bin` (CIFAR-10 binary records in the movie's order) and `truth.json` into a folder, which
  /// is made if needed.
  package func write(to folder: String) throws(PhantomError) {
    let folder = try PhantomFolder(folder)
    try folder.write([
      ("truth.json", PhantomFolder.json(MovieTruth(self))), ("model.onnx", GlyphPhantom.networkBytes),
    ])
    do {
      try CIFARBatch.write(
        labels: [Int](repeating: glyph.number, count: count), pixels: (0..<count).flatMap(pixels),
        to: folder.file("stimuli.bin"))
    } catch {
      throw PhantomError(.cannotWrite, error.message)
    }
  }
}
