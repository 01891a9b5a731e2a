import ArgumentParser
import Monitoring
import Serving
import UserErrors

/// How a network is served.
struct ServeOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Answer requests of the Open Inference Protocol until a signal comes, with a live page at '/' and Prometheus' metrics at '/metrics'.",
      valueName: "host:port"))
  var serve: String?

  @Option(help: "What the model is called in requests. (default: its file's name)")
  var modelName: String?

  @Option(
    help: ArgumentHelp(
      "What clients have to send as 'Authorization: Bearer TOKEN'; @FILE takes a file's first line. Needed for addresses that others can reach.",
      valueName: "token"))
  var token: String?

  @Option(help: "Threads of the process that serves that each run the network, with weights of its own; other ranks run it once.")
  var workers = 1

  @Option(
    help: "Milliseconds that a request waits for others to share a pass with, up to --batch stimuli; 0 takes what is there.")
  var maxDelay = 1.0

  @Option(help: "Megabytes that a request may have. (default: room for 64 stimuli in JSON, at least 1)")
  var maxBody: Int?

  @Option(help: "Requests that may wait; further ones are answered with 503.")
  var queue = 128

  @Option(help: "Connections at once; further ones are answered with 503.")
  var connections = 1024

  @Option(help: "Seconds that a connection is kept without a request.")
  var idleTimeout = 60.0

  @Option(help: "Seconds in which a request has to arrive.")
  var requestTimeout = 30.0

  @Option(
    help: ArgumentHelp("End where another rank has left a request without an answer for so long.", valueName: "time"))
  var lostAfter = TimeSpan(seconds: 300)

  /// The file that the token is read from; `nil` where it is given itself.
  var tokenFile: String? { token.flatMap { $0.hasPrefix("@") ? String($0.dropFirst()) : nil } }

  /// - Throws: `ValidationError` that names the option and what it takes.
  func check() throws {
    _ = try Check.atLeast(1, workers, "workers")
    _ = try Check.atLeast(1, maxBody ?? 1, "max-body")
    _ = try Check.atLeast(1, queue, "queue")
    _ = try Check.atLeast(1, connections, "connections")
    guard workers <= 256 else { throw ValidationError("--workers \(workers) is above 256.") }
    if let maxBody, maxBody > 4096 { throw ValidationError("--max-body \(maxBody) is above 4096.") }
    if serve == nil, let option = [("model-name", modelName), ("token", token)].first(where: { $0.1 != nil })?.0 {
      throw ValidationError("--\(option) is for --serve.")
    }
    guard maxDelay >= 0, maxDelay <= 10_000 else { throw ValidationError("--max-delay \(maxDelay) is not between 0 and 10000.") }
    for (seconds, name) in [(idleTimeout, "idle-timeout"), (requestTimeout, "request-timeout")] {
      guard seconds > 0, seconds <= 86_400 else { throw ValidationError("--\(name) \(seconds) is not between 0 and 86400.") }
    }
    if let modelName, !ServingOptions.isModelName(modelName) {
      throw ValidationError("--model-name \(modelName) has to be letters, digits, '.', '_' and '-', at most 128.")
    }
  }

  /// - Parameters:
  ///   - address: the text of `--serve`.
  ///   - model: the network's file.
  /// - Throws: `Failure` for an address or a token that can't be, or that don't fit each other; `FileError`.
  func options(_ address: String, model: String, batch: Int?, selfTests: Bool) throws -> ServingOptions {
    var options = ServingOptions(
      address: try ServerAddress(parsing: address), modelName: modelName ?? ServingOptions.modelName(ofFile: model),
      programVersion: NNFMRI.version)
    options.token = try token.map(AccessToken.init(parsing:))
    guard options.address.isLoopback || options.token != nil else {
      throw Failure(
        .usage,
        "--serve \(address) can be reached by others, so that a token is needed: give one with --token, or serve 127.0.0.1:\(options.address.port)"
      )
    }
    (options.workers, options.delay, options.runsSelfTests) = (workers, maxDelay / 1000, selfTests)
    options.patience = lostAfter.seconds
    if let batch { options.batch = batch }
    options.limits.body = maxBody.map { $0 << 20 }
    (options.limits.queue, options.limits.connections) = (queue, connections)
    (options.limits.idleSeconds, options.limits.bodySeconds) = (idleTimeout, requestTimeout)
    options.limits.headSeconds = min(options.limits.headSeconds, requestTimeout)
    return options
  }
}
