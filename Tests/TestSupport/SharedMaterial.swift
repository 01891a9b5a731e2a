import Foundation

/// Models, stimuli and oracles that are not part of the project: the folder `shared` beside it, where there is one.
package enum SharedMaterial {
  package static let folder = URL(filePath: Program.root).deletingLastPathComponent().appending(path: "shared").path

  package static let isPresent = FileManager.default.fileExists(atPath: folder + "/oracles")
  /// For tests that are skipped where it isn't.
  package static let reason = "needs the folder 'shared' beside the project"

  package static var residualNetwork: String { folder + "/data/models/resnet20.onnx" }
  package static var images: String { folder + "/data/cifar10/test_1000.bin" }
  /// What the model expects: per channel, after division by 255.
  package static let means = [0.485, 0.456, 0.406]
  package static let standardDeviations = [0.229, 0.224, 0.225]

  package static func oracle<Content: Decodable>(_ name: String, as type: Content.Type) throws -> Content {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: Data(contentsOf: URL(filePath: folder + "/oracles/" + name)))
  }
}
