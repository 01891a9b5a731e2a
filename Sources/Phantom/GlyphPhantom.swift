internal import CPhantomNetwork
package import ModelGraph
package import Stimuli

/// The trained phantom: images that each show one glyph, and a small residual network that names it.
///
/// Where the glyph lies is known, so a lesion scan has a right answer (`GlyphTruth`). The network is part of the program; it was trained
/// on images of other seeds by Scripts/train-phantom, partly with random regions of its scanned tensors set to zero, so that lesions
/// are nothing it has never met. It takes intensities divided by 255.
package struct GlyphPhantom: Sendable {
  /// The network's input, [N, 3, 32, 32], intensities in 0...1.
  package static let inputName = "image"
  /// The network's output, [N, 10], one logit a glyph.
  package static let outputName = "logits"
  /// The tensors worth scanning, from the input on: [N, 8, 32, 32] twice, [N, 16, 16, 16], [N, 32, 8, 8].
  package static let layers = ["stem", "block1", "block2", "block3"]

  package let seed: UInt64
  package let placement: GlyphGenerator.Placement
  package let images: [GlyphImage]

  /// The first `count` images of a seed; count > 0.
  package init(count: Int, seed: UInt64, placement: GlyphGenerator.Placement) {
    precondition(count > 0, "at least one image")
    let generator = GlyphGenerator(seed: seed, placement: placement)
    self.seed = seed
    self.placement = placement
    images = (0..<count).map(generator.image)
  }

  /// The images as a scan takes them, with glyph numbers as labels; the default preprocessing of image bytes fits the network.
  package var stimuli: StimulusSet {
    let what = placement == .fixed ? "images of one glyph" : "images of ten glyphs"
    do {
      return try StimulusSet(
        pixels: images.flatMap(\.pixels), channels: GlyphImage.channels, height: GlyphImage.side, width: GlyphImage.side,
        labels: images.map(\.glyph.number), description: "\(images.count) \(what), seed \(seed)")
    } catch {
      preconditionFailure("images of one size with a label each were refused: \(error)")
    }
  }

  /// The network's file. Cost: one copy of its 48 kB.
  package static var networkBytes: [UInt8] {
    var size = 0
    let start = unsafe nnfmri_phantom_network(&size)
    return unsafe Array(UnsafeBufferPointer(start: start, count: size))
  }

  /// The trained network.
  package static let network: Model = {
    do {
      return try Model(bytes: networkBytes, folder: nil, label: "glyph phantom")
    } catch {
      preconditionFailure("the network in the program cannot be read: \(error)")
    }
  }()

  /// What a scan of a layer should find; meant for `.fixed` placement, since with glyphs anywhere no region is outside.
  ///
  /// - Parameters:
  ///   - tensor: a tensor of the network with spatial axes; `nil` is returned for those behind the global mean.
  ///   - gridRows: g_h, clipped to the layer like the scan's.
  ///   - gridColumns: g_w, likewise.
  package func truth(of tensor: String, gridRows: Int = 8, gridColumns: Int = 8) -> GlyphTruth? {
    ReceptiveField(of: tensor, from: Self.inputName, in: Self.network).map {
      GlyphTruth(images: images, field: $0, gridRows: gridRows, gridColumns: gridColumns)
    }
  }
}
