import Anatomy
import Foundation
import Grids
import Lesion
import Networks
import Random
import Shapley
import TestSupport
import Testing

@Suite struct `A lesioned network` {
  /// What each network's layers are, so that none drops out unnoticed.
  private static let layers: [String: [String]] = [
    "residual": ["stem_sum", "stem", "inner_sum", "inner", "outer", "joined", "block", "pooled", "flat"],
    "perceptron": ["first_sum", "first", "second_sum", "second"],
    "labeller": ["sum", "hidden"],
    "detector": ["sum", "hidden"],
    "sequence": [
      "embedded", "stream", "query", "query_split", "query_heads", "key", "key_split", "key_heads", "value",
      "value_split", "value_heads", "scores", "weights", "mixed", "merged", "attended", "projected", "attention", "up",
      "hidden", "down", "result",
    ],
    "stubborn_sequence": [
      "embedded", "stream", "query", "query_split", "query_heads", "key", "key_split", "key_heads", "value",
      "value_split", "value_heads", "scores", "weights", "mixed", "merged", "attended", "projected", "attention", "up",
      "hidden", "down", "result",
    ],
    "tokens": ["embedded", "mixed_sum", "mixed", "flat", "all", "hidden_sum", "hidden"],
    "segmenter": ["first_sum", "first", "second_sum", "second"],
  ]

  @Test(arguments: SmallNetwork.all)
  func `can be lesioned at every activation`(_ network: SmallNetwork) throws {
    let bench = try Bench(network)
    let (tensors, refusals) = (bench.tensors, bench.survey.refusals.map(\.tensor))
    #expect(tensors == Self.layers[network.name])
    #expect(refusals == [])
  }

  @Test(arguments: SmallNetwork.all)
  func `takes batches, if need be after its batch axis is freed, or says that it doesn't`(
    _ network: SmallNetwork
  ) throws {
    let survey = try Bench(network).survey
    let (takesBatches, isFreed, notes) = (survey.takesBatches, survey.isBatchFreed, survey.notes.joined())
    #expect(takesBatches == (network.name != "stubborn_sequence"))
    #expect(isFreed == (network.name == "sequence"))
    #expect(notes.contains("freed") == isFreed)
    #expect(notes.contains("doesn't take batches") == !takesBatches)
  }

  @Test(arguments: SmallNetwork.all)
  func `is the whole model where nothing is lesioned`(_ network: SmallNetwork) throws {
    let bench = try Bench(network)
    for tensor in bench.tensors {
      let lesioned = try bench.lesioned(tensor)
      for stimulus in 0..<Bench.stimulusCount {
        let whole = try bench.plain(stimulus)[bench.survey.readTensor]!.elements.map(Float.init)
        let deviation = try whole.withUnsafeBufferPointer { try lesioned.deviation(from: $0, stimulus: stimulus) }
        #expect(deviation < 1e-5, "\(tensor), stimulus \(stimulus)")
      }
    }
  }

  @Test func `knows another model when it sees one`() throws {
    let bench = try Bench(.perceptron)
    let lesioned = try bench.lesioned("first")
    let other = try bench.plain(1)["logits"]!.elements.map(Float.init)
    #expect(try other.withUnsafeBufferPointer { try lesioned.deviation(from: $0, stimulus: 0) } > 1e-2)
    #expect(try other.dropLast().withUnsafeBufferPointer { try lesioned.deviation(from: $0, stimulus: 1) } == .infinity)
    var broken = try bench.plain(0)["logits"]!.elements.map(Float.init)
    broken[1] = .nan
    #expect(try broken.withUnsafeBufferPointer { try lesioned.deviation(from: $0, stimulus: 0) } == .infinity)
  }

  @Test(arguments: SmallNetwork.all, LesionKind.allCases)
  func `has the values of plain arithmetic`(_ network: SmallNetwork, _ lesion: LesionKind) throws {
    let bench = try Bench(network)
    for tensor in bench.tensors {
      let lesioned = try bench.lesioned(tensor, lesion: lesion)
      let players = try bench.grid(tensor).regionCount
      let coalitions = Coalition.samples(of: players)
      let resting = try lesion.rest == nil ? bench.plainMeans(tensor) : bench.resting(tensor, lesion)
      for stimulus in [1, 3] {
        let others = (0..<Bench.stimulusCount).filter { $0 != stimulus }
        let donors = lesion.servesOtherStimuli ? [] : lesion.takesPairs ? [others[0]] : others
        let choice = lesion.isDrawn ? coalitions.indices.map { $0 % donors.count } : []
        let series = LesionedNetwork.Series(stimulus: stimulus, target: 0, donors: donors)
        try lesioned.begin(series)
        let values = try bench.values(lesioned, coalitions, donors: choice)
        for (index, coalition) in coalitions.enumerated() {
          let replacement =
            switch lesion.source {
            case .nothing: [Double](repeating: 0, count: resting.count)
            case .resting: resting
            case .noise: Self.noise(resting, stimulus: stimulus)
            case .donors: try bench.plain(donors[choice[index]])[tensor]!.elements
            case .partner: try bench.plain(donors[0])[tensor]!.elements
            case .peers: try Self.mean(donors.map { try bench.plain($0)[tensor]!.elements })
            }
          let reference = try bench.plain(series, lesion, lesioning: tensor, intact: coalition, replacement: replacement)
          let scores = PlainReading(reference, of: bench).scores
          let error = abs(Double(values[index]) - scores[0])
          #expect(error < 2e-5 * max(1, abs(scores[0])), "\(tensor), stimulus \(stimulus), coalition \(index)")
        }
      }
    }
  }

  private static func mean(_ rows: [[Double]]) -> [Double] {
    rows[0].indices.map { unit in rows.reduce(0) { $0 + $1[unit] } / Double(rows.count) }
  }

  /// Unit by unit the next of a stream's normal numbers, by the seed that `Bench` leaves at 0.
  private static func noise(_ moments: [Double], stimulus: Int) -> [Double] {
    let units = moments.count / 2
    var random = CounterRandom(seed: 0, domain: .lesionNoise, index: UInt64(stimulus))
    return (0..<units).map { moments[$0] + moments[units + $0] * random.nextGaussian() }
  }

  @Test(arguments: SmallNetwork.all, ["logit", "logprob", "prob", "margin", "loss", "output:2", "output:0"])
  func `reads every value`(_ network: SmallNetwork, _ name: String) throws {
    let value = try #require(ValueFunction(name: name))
    let isRaw = if case .output = value { true } else { false }
    let bench = try Bench(network, readsRaw: isRaw)
    let tensor = bench.tensors[bench.tensors.count / 2]
    let classes = try PlainReading(bench.plain(0), of: bench).scores.count
    if classes < 2, [.margin, .loss, .output(2)].contains(value) {
      #expect(throws: LesionError.self) { try bench.lesioned(tensor, value: value) }
      return
    }
    let lesioned = try bench.lesioned(tensor, value: value)
    let players = try bench.grid(tensor).regionCount
    let zeros = [Double](repeating: 0, count: try bench.plain(0)[tensor]!.elements.count)
    for target in 0..<classes {
      try lesioned.begin(LesionedNetwork.Series(stimulus: 2, target: target))
      let coalitions = Coalition.samples(of: players, drawn: 3)
      let values = try bench.values(lesioned, coalitions)
      for (coalition, value) in zip(coalitions, values) {
        let reading = PlainReading(
          try bench.plain(2, lesioning: tensor, intact: coalition, replacement: zeros), of: bench)
        let expected = reading.value(name, target: target)
        #expect(abs(Double(value) - expected) < 2e-5 * max(1, abs(expected)), "class \(target)")
      }
    }
  }

  @Test(arguments: 0..<6)
  func `reads one position of a sequence`(_ position: Int) throws {
    let bench = try Bench(.sequence)
    let lesioned = try bench.lesioned("hidden", value: .probability, position: position)
    try lesioned.begin(LesionedNetwork.Series(stimulus: 0, target: 1))
    let players = try bench.grid("hidden").regionCount
    let value = try lesioned.values(of: [Coalition(fullOf: players)])[0]
    let scores = try bench.plain(0)["logits"]!.elements[(3 * position)..<(3 * position + 3)].map { exp($0) }
    #expect(abs(Double(value) - scores[1] / scores.reduce(0, +)) < 1e-5)
  }

  @Test(arguments: SmallNetwork.all.filter { $0.name != "stubborn_sequence" })
  func `gives the same bits in the same place of a batch, whatever else is in it`(_ network: SmallNetwork) throws {
    let bench = try Bench(network)
    for tensor in bench.tensors {
      let lesioned = try bench.lesioned(tensor, batch: 4)
      try lesioned.begin(LesionedNetwork.Series(stimulus: 0, target: 0))
      let all = Coalition.samples(of: try bench.grid(tensor).regionCount)
      let probe = all.last!
      let first = try lesioned.values(of: [all[0], probe, all[2], all[3]])[1]
      #expect(try lesioned.values(of: [all[4], probe, all[1], all[5]])[1] == first, "\(tensor)")
      #expect(try lesioned.values(of: [probe, probe])[1] == first, "\(tensor)")
      for place in 0..<4 {
        var batch = Array(all.prefix(4))
        batch[place] = probe
        #expect(abs(try lesioned.values(of: batch)[place] - first) <= 1e-6 * max(1, abs(first)), "\(tensor)")
      }
    }
  }

  @Test(arguments: SmallNetwork.all)
  func `has the same bits after other stimuli and with hardly any cache`(_ network: SmallNetwork) throws {
    let bench = try Bench(network)
    let tensor = bench.tensors[bench.tensors.count / 2]
    let coalitions = Array(Coalition.samples(of: try bench.grid(tensor).regionCount).suffix(3))
    var values: [[Float]] = []
    for (cacheBytes, stimuli) in [(1 << 20, [2]), (1 << 20, [0, 1, 3, 2]), (1, [3, 0, 1, 2, 0, 2])] {
      let lesioned = try bench.lesioned(tensor, cacheBytes: cacheBytes)
      for stimulus in stimuli {
        try lesioned.begin(LesionedNetwork.Series(stimulus: stimulus, target: 0))
        let result = try bench.values(lesioned, coalitions)
        if stimulus == 2 { values.append(result) }
      }
    }
    #expect(values.allSatisfy { $0 == values[0] })
  }

  @Test(arguments: SmallNetwork.all)
  func `takes prefix results from the disk, to the bit`(_ network: SmallNetwork) throws {
    let bench = try Bench(network)
    let tensor = bench.tensors[bench.tensors.count / 2]
    let coalitions = Array(Coalition.samples(of: try bench.grid(tensor).regionCount).suffix(3))
    let folder = TemporaryFolder()
    let (kept, spilling) = (
      try bench.lesioned(tensor, cacheBytes: 1 << 24),
      try bench.lesioned(tensor, cacheBytes: 1, spillFolder: folder.path("."))
    )
    var values: [[[Float]]] = []
    for lesioned in [kept, spilling] {
      values.append(
        try [0, 1, 3, 2, 0, 1, 2, 3].map { stimulus in
          try lesioned.begin(LesionedNetwork.Series(stimulus: stimulus, target: 0))
          return try bench.values(lesioned, coalitions)
        })
    }
    #expect(values[0] == values[1])
    #expect(spilling.prefixRuns == kept.prefixRuns)
    #expect(TemporaryFolder.files(below: folder.path(".")) == [:])
  }

  @Test func `can't spill into a folder that isn't there`() throws {
    let bench = try Bench(.residual)
    #expect(throws: LesionError.self) { try bench.lesioned("block", spillFolder: "/absent/folder") }
  }

  @Test func `counts its batches and shows the intact activations`() throws {
    let bench = try Bench(.residual)
    let lesioned = try bench.lesioned("block")
    try lesioned.begin(LesionedNetwork.Series(stimulus: 0, target: 0))
    _ = try lesioned.values(of: [Coalition(emptyOf: 8)])
    _ = try lesioned.values(of: [Coalition(emptyOf: 8), Coalition(fullOf: 8)])
    #expect(lesioned.batchesRun == 2)
    for stimulus in 0..<Bench.stimulusCount {
      let reference = try bench.plain(stimulus)["block"]!.elements
      for (value, expected) in zip(try lesioned.activations(of: stimulus), reference) {
        #expect(abs(Double(value) - expected) < 1e-5)
      }
    }
  }

  @Test func `passes NaN on as the value`() throws {
    let bench = try Bench(.squareRoot)
    let lesioned = try bench.lesioned("hidden", value: .logit)
    try lesioned.begin(LesionedNetwork.Series(stimulus: 0, target: 0))
    let values = try lesioned.values(of: [Coalition(fullOf: 4), Coalition(of: 4, intact: [2, 3])])
    #expect(values[0].isFinite)
    #expect(values[1].isNaN)
  }
}
