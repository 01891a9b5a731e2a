/// What a random stream of a phantom is for; apart from the domains of designs, so that equal seeds share nothing.
enum PhantomDomain: UInt32 {
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
}
