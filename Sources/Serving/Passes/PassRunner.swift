import Distribution
import Files
import ModelGraph
package import Monitoring
import OnnxRuntime
import UserErrors

/// Runs the network for requests, on one thread: of the server's process, or of another rank.
package final class PassRunner {
  private struct Row {
    let request: Int
    let row: Int
  }

  let signature: ModelSignature
  private let model: MonitoredModel
  /// Stimuli in a pass.
  private let batch: Int
  /// Whether each output's first axis counts stimuli, as all passes have shown.
  private var joins: Bool
  /// Stimuli of each pass since the last results.
  private var passes: [Int] = []

  /// Opens the network.
  ///
  /// - Parameter path: the network's file; `nil` for where the reference found it.
  /// - Throws: `Failure`, or what a module throws, if the network can't be opened or served.
  package init(_ reference: MonitorReference, model path: String?, options: ServingOptions) throws {
    model = try MonitoredModel(reference, model: path, isServed: true)
    do {
      signature = try ModelSignature(name: options.modelName, model)
    } catch {
      throw Failure(.badInput, error.message)
    }
    guard !signature.outputs.isEmpty else { throw Failure(.badInput, "the model has no output that can be sent") }
    batch = options.batch
    joins = signature.joins
  }

  /// The files that the network is read from.
  package var files: [String] { model.files }
  /// What a user should know of the machine.
  package var note: String? { model.note }
}

extension PassRunner: PassMaking {
  func passesSelfTest() -> Bool { (try? model.failedSelfTests())?.isEmpty ?? false }

  func run(_ contents: [RequestContent]) -> PassResults {
    var results = PassResults()
    results.requests = contents.map { _ in RequestResult() }
    var read: [(place: Int, request: InferenceRequest)] = []
    for (place, content) in contents.enumerated() {
      do {
        read.append((place, try InferenceRequest(content.body, jsonLength: content.jsonLength, signature: signature)))
      } catch {
        results.requests[place] = RequestResult(refusing: error.message, status: 400)
      }
    }
    do {
      for (number, result) in try run(read.map(\.request)).enumerated() { results.requests[read[number].place] = result }
    } catch {
      // One that can't be run is no reason to refuse the others.
      for (place, request) in read {
        do {
          results.requests[place] = try run([request])[0]
        } catch {
          let failure = Failure(error)
          results.requests[place] = RequestResult(
            refusing: failure.message, status: failure.exitStatus == .badInput ? 400 : 500)
        }
      }
    }
    (results.passes, passes) = (passes, [])
    return results
  }

  private func run(_ requests: [InferenceRequest]) throws -> [RequestResult] {
    var results = requests.map { request in
      var result = RequestResult()
      result.id = request.id
      result.outputs = request.outputs.map { RequestResult.Output(number: $0.number, isBinary: $0.isBinary) }
      return result
    }
    let rows = requests.indices.flatMap { request in (0..<requests[request].rows).map { Row(request: request, row: $0) } }
    var first = 0
    while first < rows.count {
      let count = joins ? min(batch, rows.count - first) : 1
      let part = rows[first..<first + count].prefix { row in
        zip(requests[row.request].inputs, requests[rows[first].request].inputs).allSatisfy {
          $0.shape.dropFirst() == $1.shape.dropFirst()
        }
      }
      let start = monotonicSeconds()
      let (observations, given) = try model.network.answer(tensors(part, requests), rows: part.count)
      let seconds = (monotonicSeconds() - start) / Double(part.count)
      guard part.count == 1 || given.allSatisfy({ $0.shape.first == part.count }) else {
        // An output that doesn't count stimuli along its first axis: what is whose can't be told.
        joins = false
        continue
      }
      for (place, row) in part.enumerated() {
        var observation = observations[place]
        for output in results[row.request].outputs.indices {
          let isFinite = try take(
            given, place, of: part.count, into: &results[row.request].outputs[output], isOnly: requests[row.request].rows == 1)
          if !isFinite { observation.isRestFinite = false }
        }
        results[row.request].stimuli.append(RequestResult.Stimulus(observation: observation, seconds: seconds))
      }
      passes.append(part.count)
      first += part.count
    }
    return results
  }

  /// Puts a stimulus's part of an output behind what its request has. - Returns: whether all its numbers are finite.
  private func take(
    _ given: [Tensor], _ place: Int, of count: Int, into output: inout RequestResult.Output, isOnly: Bool
  ) throws(Failure) -> Bool {
    let tensor = given[output.number]
    let width = tensor.bytes.count / count
    let isCounted = tensor.shape.first == count
    guard isOnly || isCounted else {
      throw Failure(
        .badInput,
        "output \"\(signature.outputs[output.number].name)\" doesn't count stimuli along its first axis: send one a request")
    }
    if output.shape.isEmpty {
      output.shape = isCounted ? [1] + tensor.shape.dropFirst() : tensor.shape
    } else {
      guard tensor.shape.dropFirst() == output.shape.dropFirst() else {
        throw Failure(
          .badInput,
          "output \"\(signature.outputs[output.number].name)\" has one shape for some of the stimuli and another for others: send one a request"
        )
      }
      output.shape[0] += 1
    }
    let part = UnsafeRawBufferPointer(rebasing: tensor.bytes[place * width..<(place + 1) * width])
    output.bytes += part
    return signature.outputs[output.number].type.areFinite(part)
  }

  /// The inputs of a pass.
  private func tensors(_ rows: ArraySlice<Row>, _ requests: [InferenceRequest]) throws -> [Tensor] {
    try signature.inputs.enumerated().map { number, input in
      var shape = requests[rows[rows.startIndex].request].inputs[number].shape
      if let axis = input.served.batchAxis { shape[axis] = rows.count }
      let tensor = try model.tensor(shape: shape, elementType: input.type.elementType)
      let width = tensor.bytes.count / rows.count
      for (place, row) in rows.enumerated() {
        let bytes = requests[row.request].inputs[number].bytes
        let from = bytes.startIndex + row.row * width
        bytes.withUnsafeBytes { all in
          UnsafeMutableRawBufferPointer(rebasing: tensor.bytes[place * width..<(place + 1) * width])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: all[from - bytes.startIndex..<from - bytes.startIndex + width]))
        }
      }
      return tensor
    }
  }
}
