/// A way to say which regions an answer depends on.
package enum ComparisonMethod: Sendable, Hashable {
  /// ζ by values at a budget that nobody would spend: what the others are held against.
  case reference
  /// ζ of this stimulus as the scan measured it.
  case scan
  /// The mean of the scan's ζ over its stimuli: one map for all.
  case scanMean
  case zetaByGradients(passes: Int)
  /// K = `samples` passes a region.
  case zetaByValues(samples: Int)
  case integratedGradients
  case gradientActivation
  case gradCAM
  case singleLesions
  case density
  /// The reference's scores, each given to another region that is as far from the centre.
  case randomCentral
  case random

  /// All of them, in the order of tables. The reference is the first.
  package static let all: [ComparisonMethod] = [
    .reference, .scan, .scanMean, .zetaByValues(samples: 4), .zetaByGradients(passes: 128), .zetaByGradients(passes: 32),
    .zetaByGradients(passes: 8), .integratedGradients, .gradientActivation, .gradCAM, .singleLesions, .density,
    .randomCentral, .random,
  ]

  /// The name in files.
  package var name: String {
    switch self {
    case .reference: "zeta_reference"
    case .scan: "zeta_scan"
    case .scanMean: "zeta_scan_mean"
    case .zetaByGradients(let passes): "zeta_\(passes)_gradient_passes"
    case .zetaByValues(let samples): "zeta_\(samples)_values_a_region"
    case .integratedGradients: "integrated_gradients"
    case .gradientActivation: "gradient_x_activation"
    case .gradCAM: "grad_cam"
    case .singleLesions: "single_lesions"
    case .density: "density"
    case .randomCentral: "random_central"
    case .random: "random"
    }
  }

  /// What people read.
  package var title: String {
    switch self {
    case .reference: "ζ, long reference"
    case .scan: "ζ of the scan"
    case .scanMean: "ζ of the scan, mean of all stimuli"
    case .zetaByGradients(let passes): "ζ, \(passes) gradient passes"
    case .zetaByValues(let samples): "ζ, \(samples) passes a region"
    case .integratedGradients: "integrated gradients"
    case .gradientActivation: "gradient x activation"
    case .gradCAM: "Grad-CAM"
    case .singleLesions: "single lesions"
    case .density: "density"
    case .randomCentral: "random, as central as ζ"
    case .random: "random"
    }
  }

  /// Whether it needs the network's derivative.
  package var needsGradients: Bool {
    switch self {
    case .zetaByGradients, .integratedGradients, .gradientActivation, .gradCAM: true
    default: false
    }
  }

  /// Whether its map is made again with shuffled weights: those that are cheap, and depend on weights at all or are looked
  /// at for their own sake.
  package var isRandomised: Bool {
    switch self {
    case .zetaByGradients(let passes): passes == 32
    case .zetaByValues, .integratedGradients, .gradientActivation, .gradCAM, .singleLesions, .density: true
    case .reference, .scan, .scanMean, .randomCentral, .random: false
    }
  }
}
