import UserErrors

/// Answers requests with what passes give and how healthy it looks, on one thread.
final class Worker {
  private let passes: any PassMaking
  private let service: MonitorService

  init(_ passes: any PassMaking, _ service: MonitorService) { (self.passes, self.service) = (passes, service) }

  /// Whether the stored stimuli come out as they did.
  func passesSelfTest() -> Bool { passes.passesSelfTest() }

  /// Answers jobs. Every job is answered.
  ///
  /// Nothing is judged unless all passes of a request have come to their end, so that a stimulus isn't judged twice.
  func answer(_ jobs: [InferenceJob]) {
    do {
      let results = try passes.run(jobs.map(\.content))
      for rows in results.passes { service.didRun(rows: rows) }
      for (job, result) in zip(jobs, results.requests) { job.reply(response(to: result)) }
    } catch {
      for job in jobs { job.reply(.failure(500, Failure(error).message)) }
    }
  }

  private func response(to result: RequestResult) -> ServedResponse {
    guard result.status == 200 else { return .failure(result.status, result.refusal) }
    let judged = result.stimuli.map { stimulus in
      service.judge(stimulus.observation, source: result.id ?? "request", seconds: stimulus.seconds)
    }
    return InferenceResponse(
      model: service.signature.name, id: result.id, parameters: service.parameters(judged),
      outputs: result.outputs.map { output in
        let known = service.signature.outputs[output.number]
        return InferenceResponse.Tensor(
          name: known.name, type: known.type, shape: output.shape, bytes: output.bytes, isBinary: output.isBinary)
      }
    ).response
  }
}
