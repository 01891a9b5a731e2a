extension CounterRandom {
  /// What a stream is for. All numbers stand here, so that streams of different purposes never overlap; they are part of
  /// what a result's bytes follow from, and none is ever given another purpose.
  package enum Domain: UInt32, Sendable {
    case derivedSeed = 1

    /// The order of stimuli that are shuffled.
    case stimulusOrder = 17

    // Designs: which coalitions are measured.
    case naive = 2
    case permutationStrata = 3
    case permutationOffsets = 4
    case coalitionPair = 5
    case stratumOrder = 6
    case renumbering = 9
    case gradientPairs = 10
    /// Which regions are midpoints of gradient passes.
    case midpoints = 11
    case probes = 12
    /// The stimuli that replacements come from.
    case donors = 16
    /// Which coalition meets which of them.
    case donorOrder = 19
    /// What units become under lesions by noise.
    case lesionNoise = 18

    // Tests.
    case signFlips = 7
    case groups = 8
    /// Permutations of classes among stimuli, for information content.
    case classPermutations = 0x494E_464F

    // Checks of what was found.
    /// The regions that are lesioned at random, for comparison.
    case lesionedRegions = 0x500
    /// The channels that are taken out at random, for comparison.
    case prunedRegions = 0x501
    /// The stimuli that are kept out of a scan to check it on.
    case heldOutStimuli = 0x502

    // Phantoms.
    case texture = 0x100
    case labels = 0x101
    case ownPlace = 0x102
    case sharedPlace = 0x103
    case ownPalette = 0x104
    case sharedPalette = 0x105
    case terms = 0x106
    case units = 0x107
    case backdrop = 0x108
    case segments = 0x109
    case corruption = 0x10a
    case frameOrder = 0x10b
    /// The tokens of the induction phantom, and where they come again.
    case inductionPhantom = 0x10c

    // Streams of stimuli.
    /// Resamples of a stream's consistency.
    case consistency = 0x200
    /// The stimuli of a stream that are scanned.
    case scannedStimuli = 0x201

    // Monitoring.
    /// Which stimuli of a reference are fitted to and which are held out.
    case referenceSplit = 0x600
    /// Where p-values fall between equal scores.
    case tieBreaking = 0x601

    // Tractography.
    case randomPathways = 0x300
    case pathwayStability = 0x301

    // Comparisons of methods.
    case randomMaps = 0x400
    /// Scores that change places with others as far from the centre.
    case centralMaps = 0x401
    /// Orders of weights, for the randomisation test.
    case shuffledWeights = 0x402
    /// Seeds of designs that share nothing with a scan's.
    case comparedDesigns = 0x403
  }
}
