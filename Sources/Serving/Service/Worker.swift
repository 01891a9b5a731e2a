import Files
import ModelGraph
import Monitoring
import OnnxRuntime
import UserErrors

/// Runs the network for requests, on one thread.
final class Worker {
  private struct Row {
    let job: Int
    let row: Int
  }

  /// What a request has got so far.
  private struct Progress {
    var verdicts: [(verdict: Verdict, line: String)] = []
    /// By output of the signature.
    var shapes: [[Int]]
    var bytes: [[UInt8]]

    init(_ signature: ModelSignature) {
      shapes = signature.outputs.map { _ in [] }
      bytes = signature.outputs.map { _ in [] }
    }
  }

  private let model: MonitoredModel
  private let signature: ModelSignature
  private let service: MonitorService
  /// Whether each output's first axis counts stimuli, as all passes have shown.
  private var joins: Bool

  init(_ model: MonitoredModel, _ service: MonitorService) {
    (self.model, self.service) = (model, service)
    signature = service.signature
    joins = signature.joins
  }

  /// The stored stimuli that don't come out as they did.
  func failedSelfTests() throws -> [Int] { try model.failedSelfTests() }

  /// Answers jobs, in as few passes as batches allow. Every job is answered.
  func answer(_ jobs: [InferenceJob]) {
    var requests: [(job: InferenceJob, request: InferenceRequest)] = []
    for job in jobs {
      do {
        requests.append((job, try InferenceRequest(job.body, jsonLength: job.jsonLength, signature: signature)))
      } catch {
        job.reply(.failure(400, error.message))
      }
    }
    guard !requests.isEmpty else { return }
    do {
      for (number, progress) in try run(requests.map(\.request)).enumerated() { finish(requests[number], progress) }
    } catch {
      // One that can't be run is no reason to refuse the others.
      for request in requests {
        do {
          finish(request, try run([request.request])[0])
        } catch {
          let failure = Failure(error)
          request.job.reply(.failure(failure.exitStatus == .badInput ? 400 : 500, failure.message))
        }
      }
    }
  }

  private func finish(_ request: (job: InferenceJob, request: InferenceRequest), _ progress: Progress) {
    let response = InferenceResponse(
      model: signature.name, id: request.request.id, parameters: service.parameters(progress.verdicts),
      outputs: request.request.outputs.map { output in
        let known = signature.outputs[output.number]
        return InferenceResponse.Tensor(
          name: known.name, type: known.type, shape: progress.shapes[output.number], bytes: progress.bytes[output.number],
          isBinary: output.isBinary)
      })
    request.job.reply(response.response)
  }

  /// Nothing is judged unless all passes have come to their end, so that a stimulus isn't judged twice.
  private func run(_ requests: [InferenceRequest]) throws -> [Progress] {
    var results = requests.map { _ in Progress(signature) }
    var observed: [(row: Row, observation: WatchedNetwork.Observation, seconds: Double)] = []
    let rows = requests.indices.flatMap { job in (0..<requests[job].rows).map { Row(job: job, row: $0) } }
    var first = 0
    while first < rows.count {
      let count = joins ? min(service.options.batch, rows.count - first) : 1
      let part = rows[first..<first + count].prefix { row in
        zip(requests[row.job].inputs, requests[rows[first].job].inputs).allSatisfy {
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
        observed.append((row, observations[place], seconds))
        for (output, tensor) in given.enumerated() {
          try take(tensor, place, of: part.count, output, into: &results[row.job], isOnly: requests[row.job].rows == 1)
        }
      }
      service.didRun(rows: part.count)
      first += part.count
    }
    for (row, observation, seconds) in observed {
      results[row.job].verdicts.append(
        service.judge(observation, source: requests[row.job].id ?? "request", seconds: seconds))
    }
    return results
  }

  /// Puts a stimulus's part of an output behind what its request has.
  private func take(
    _ tensor: Tensor, _ place: Int, of count: Int, _ output: Int, into result: inout Progress, isOnly: Bool
  ) throws(Failure) {
    let width = tensor.bytes.count / count
    let isCounted = tensor.shape.first == count
    guard isOnly || isCounted else {
      throw Failure(
        .badInput, "output \"\(signature.outputs[output].name)\" doesn't count stimuli along its first axis: send one a request")
    }
    if result.shapes[output].isEmpty {
      result.shapes[output] = isCounted ? [1] + tensor.shape.dropFirst() : tensor.shape
    } else {
      result.shapes[output][0] += 1
    }
    result.bytes[output] += UnsafeRawBufferPointer(rebasing: tensor.bytes[place * width..<(place + 1) * width])
  }

  /// The inputs of a pass.
  private func tensors(_ rows: ArraySlice<Row>, _ requests: [InferenceRequest]) throws -> [Tensor] {
    try signature.inputs.enumerated().map { number, input in
      var shape = requests[rows[rows.startIndex].job].inputs[number].shape
      if let axis = input.served.batchAxis { shape[axis] = rows.count }
      let tensor = try model.tensor(shape: shape, elementType: input.type.elementType)
      let width = tensor.bytes.count / rows.count
      for (place, row) in rows.enumerated() {
        let bytes = requests[row.job].inputs[number].bytes
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
