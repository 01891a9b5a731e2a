// swift-tools-version: 6.2
import PackageDescription

// The manifest reads as the map of the program. A module imports only from the floors below its own.

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// For modules whose unsafe steps are all marked as such.
let strict = settings + [.strictMemorySafety()]

/// A module of the program, with its test target's settings alike.
func module(
  _ name: String, imports dependencies: [Target.Dependency] = [], settings: [SwiftSetting] = settings
) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ module: String, imports dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: module + "Tests", dependencies: [.init(stringLiteral: module)] + dependencies,
    swiftSettings: settings)
}

let package = Package(
  name: "nn-fmri",
  products: [
    .executable(name: "nnfmri-mpi", targets: ["nnfmri-mpi"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", exact: "2.1.1"),
  ],
  targets: [
    // Floor 0: C libraries, each seen by one module.
    .systemLibrary(name: "CMPI", pkgConfig: "mpich", providers: [.apt(["libmpich-dev"])]),
    .systemLibrary(name: "CBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-serial-dev"])]),
    .systemLibrary(name: "CZip", pkgConfig: "minizip", providers: [.apt(["libminizip-dev"])]),
    .systemLibrary(name: "CMessageDigest", pkgConfig: "libmd", providers: [.apt(["libmd-dev"])]),
    .systemLibrary(name: "CEDF", providers: [.apt(["libedf-dev"])]),
    .systemLibrary(name: "CNifti", providers: [.apt(["libnifti2-dev", "zlib1g-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .target(name: "COnnxRuntime"),
    .target(name: "CSpecialFunctions"),
    .target(name: "CFourier"),
    .target(name: "CPhantomNetwork", exclude: ["phantom.onnx"]),
    .target(name: "CReportTemplates", exclude: ["report.mustache", "layer.mustache", "figure.mustache", "connectome.mustache", "stream.mustache", "report.css", "report.js"]),

    // Floor 1: one library each, no knowledge of scans.
    module("MPI", imports: ["CMPI"]),
    module("OnnxRuntime", imports: ["COnnxRuntime"]),
    .target(
      name: "ModelGraph", dependencies: [.product(name: "SwiftProtobuf", package: "swift-protobuf")],
      exclude: ["Proto/onnx.proto"], swiftSettings: settings),
    module("Shapley", imports: ["CBLAS", "CSpecialFunctions"], settings: strict),
    module("Stimuli", imports: ["CZip"], settings: strict),

    // Floor 2: what is measured.
    module("Anatomy", imports: ["Shapley", "CSpecialFunctions"], settings: strict),
    module("Lesion", imports: ["ModelGraph", "OnnxRuntime", "Shapley", "Stimuli"]),
    module("Temporal", imports: ["Shapley", "CFourier", "CSpecialFunctions"], settings: strict),
    module("Tractography", imports: ["ModelGraph", "OnnxRuntime", "Shapley"]),
    module("Phantom", imports: ["CPhantomNetwork", "ModelGraph", "Shapley", "Stimuli"], settings: strict),

    // Floor 3: the distributed scan and its files.
    module(
      "Scan",
      imports: [
        "Anatomy", "Lesion", "MPI", "ModelGraph", "OnnxRuntime", "Shapley", "Stimuli", "Temporal", "Tractography",
        "CMessageDigest",
      ]),
    module(
      "Reporting",
      imports: [
        "Scan", "Anatomy", "Lesion", "Shapley", "Stimuli", "Temporal", "Tractography", "CEDF", "CNifti", "CPNG",
        "CReportTemplates",
        .product(name: "Mustache", package: "swift-mustache"),
      ]),

    // Floor 4: the command.
    .executableTarget(
      name: "nnfmri-mpi",
      dependencies: [
        "Anatomy", "Lesion", "MPI", "Phantom", "Reporting", "Scan", "Shapley", "Temporal",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),
    // What Scripts/benchmark and Scripts/benchmark-estimators run; no product, so it isn't installed.
    .executableTarget(
      name: "nnfmri-benchmark",
      dependencies: [
        "Anatomy", "Lesion", "ModelGraph", "OnnxRuntime", "Reporting", "Shapley", "Stimuli",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),
    // What Scripts/simulate-scale runs.
    .executableTarget(
      name: "nnfmri-simulate",
      dependencies: ["MPI", "Reporting", "Scan", .product(name: "ArgumentParser", package: "swift-argument-parser")],
      swiftSettings: settings),
    // What Scripts/validate runs.
    .executableTarget(
      name: "nnfmri-validate",
      dependencies: [
        "Phantom", "Reporting", "Scan", "Shapley", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),

    // Tests: one target a module, on a floor of their own.
    .target(
      name: "TestSupport", dependencies: ["ModelGraph", "OnnxRuntime", "Stimuli"], path: "Tests/TestSupport",
      swiftSettings: settings),
    tests("OnnxRuntime", imports: ["ModelGraph", "TestSupport"]),
    tests("Lesion", imports: ["Anatomy", "ModelGraph", "OnnxRuntime", "Shapley", "Stimuli", "TestSupport"]),
    tests(
      "Tractography",
      imports: ["Anatomy", "Lesion", "ModelGraph", "OnnxRuntime", "Phantom", "Shapley", "Stimuli", "TestSupport"]),
    tests("Scan", imports: ["Lesion", "ModelGraph", "OnnxRuntime", "Shapley", "TestSupport"]),
    .testTarget(
      name: "DistributedTests", dependencies: ["nnfmri-mpi", "nnfmri-benchmark", "Phantom", "Stimuli", "TestSupport"],
      swiftSettings: settings),
    tests("ModelGraph"),
    tests("Shapley"),
    tests("Stimuli", imports: ["TestSupport"]),
    tests("Anatomy", imports: ["Shapley"]),
    .testTarget(
      name: "TemporalTests", dependencies: ["Temporal", "Shapley"], exclude: ["oracle.json"], swiftSettings: settings),
    tests("Phantom", imports: ["ModelGraph", "Shapley", "Stimuli"]),
  ]
)
