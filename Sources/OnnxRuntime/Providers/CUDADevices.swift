internal import Glibc

/// NVIDIA's devices as its driver counts them, `CUDA_VISIBLE_DEVICES` applied.
enum CUDADevices {
  /// Names by number; none without the driver (`cuInit`, `cuDeviceGetCount`, `cuDeviceGet`, `cuDeviceGetName`).
  static var names: [String] {
    guard let driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL),
      let initialize = dlsym(driver, "cuInit"), let counting = dlsym(driver, "cuDeviceGetCount"),
      let getting = dlsym(driver, "cuDeviceGet"), let naming = dlsym(driver, "cuDeviceGetName")
    else { return [] }
    let start = unsafeBitCast(initialize, to: (@convention(c) (UInt32) -> Int32).self)
    let count = unsafeBitCast(counting, to: (@convention(c) (UnsafeMutablePointer<Int32>) -> Int32).self)
    let get = unsafeBitCast(getting, to: (@convention(c) (UnsafeMutablePointer<Int32>, Int32) -> Int32).self)
    let name = unsafeBitCast(naming, to: (@convention(c) (UnsafeMutablePointer<CChar>, Int32, Int32) -> Int32).self)
    var total: Int32 = 0
    guard start(0) == 0, count(&total) == 0 else { return [] }
    return (0..<total).map { number in
      var device: Int32 = 0
      var text = [CChar](repeating: 0, count: 256)
      guard get(&device, number) == 0, name(&text, 255, device) == 0 else { return "a CUDA device" }
      return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
  }
}
