import Distribution
import Monitoring

/// Who makes passes for a thread of the server.
protocol PassMaking {
  /// Runs requests in as few passes as batches allow. Every request has a result, in order.
  ///
  /// - Throws: where nothing can be said of any.
  func run(_ contents: [RequestContent]) throws -> PassResults
  /// Whether the stored stimuli come out as they did, to the bit.
  func passesSelfTest() -> Bool
}

/// A request as it was sent.
struct RequestContent: Sendable {
  var body: [UInt8] = []
  /// The header Inference-Header-Content-Length.
  var jsonLength: String?
}

/// What passes gave for requests.
struct PassResults {
  /// In the order of the requests.
  var requests: [RequestResult] = []
  /// Stimuli of each pass.
  var passes: [Int] = []
}

/// What passes gave for one request, or why they gave nothing.
struct RequestResult {
  struct Output {
    /// Its number in the model's signature.
    var number = 0
    var isBinary = false
    /// Empty until the first stimulus is there.
    var shape: [Int] = []
    var bytes: [UInt8] = []
  }

  struct Stimulus {
    var observation = WatchedNetwork.Observation()
    /// Its part of the pass.
    var seconds = 0.0
  }

  /// HTTP's: 200 where it was run.
  private(set) var status = 200
  private(set) var refusal = ""
  var id: String?
  /// Those that are wanted, as they are.
  var outputs: [Output] = []
  var stimuli: [Stimulus] = []

  init() {}

  init(refusing sentence: String, status: Int) { (refusal, self.status) = (sentence, status) }
}

// MARK: - Between ranks

extension RequestContent: Coded {
  mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&body)
    try coder.code(&jsonLength)
  }
}

extension PassResults: Coded {
  mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&requests)
    try coder.code(&passes)
  }
}

extension RequestResult: Coded {
  mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&status)
    try coder.code(&refusal)
    try coder.code(&id)
    try coder.code(&outputs)
    try coder.code(&stimuli)
  }
}

extension RequestResult.Output: Coded {
  mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&number)
    var binary = isBinary ? 1 : 0
    try coder.code(&binary)
    isBinary = binary == 1
    try coder.code(&shape)
    try coder.code(&bytes)
  }
}

extension RequestResult.Stimulus: Coded {
  mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&observation)
    try coder.code(&seconds)
  }
}
