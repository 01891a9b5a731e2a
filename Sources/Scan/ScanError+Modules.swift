import Anatomy
import Lesion
import ModelGraph
import OnnxRuntime
import Shapley
import Stimuli

extension ScanError {
  /// Any module's error in the terms of a scan.
  package init(_ error: any Error) {
    switch error {
    case let error as ScanError:
      self = error
    case let error as OnnxRuntimeError:
      switch error.code {
      case .libraryMissing: self.init(.runtimeMissing, error.message)
      case .modelRefused: self.init(.badInput, "ONNX Runtime doesn't load the model: \(error.message)")
      case .runFailed: self.init(.badInput, "ONNX Runtime couldn't run the model: \(error.message)")
      }
    case let error as ModelGraphError:
      switch error.code {
      case .badInput: self.init(.badInput, error.message)
      case .missingInput: self.init(.missingInput, error.message)
      case .unknownTensor: self.init(.usage, error.message)
      }
    case let error as StimuliError:
      switch error.code {
      case .badInput: self.init(.badInput, error.message)
      case .missingInput: self.init(.missingInput, error.message)
      case .cannotWrite: self.init(.cannotWrite, error.message)
      }
    case let error as LesionError:
      self.init(error.code == .cannotWrite ? .cannotWrite : .badInput, error.message)
    case let error as AnatomyError:
      self.init(.badInput, error.message)
    case let error as ShapleyError:
      self.init(error.code == .numericalFailure || error.code == .badValues ? .defect : .usage, error.message)
    default:
      self.init(.defect, "\(error)")
    }
  }
}
