import ArgumentParser
import Files
import Stimuli

/// How pictures become stimuli of one size.
struct PictureOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Size that pictures get: height and width, or shortest:N for the shorter side.", valueName: "HxW"))
  var resize: String?

  @Option(help: ArgumentHelp("Middle that is cut out of pictures, after resizing.", valueName: "HxW"))
  var crop: String?

  func sizing() throws -> PictureSizing {
    do {
      return try PictureSizing(resize: resize, crop: crop)
    } catch {
      throw ValidationError("\(error.message).")
    }
  }
}
