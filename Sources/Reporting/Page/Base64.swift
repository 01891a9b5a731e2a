internal import FoundationEssentials

/// Bytes as text of 64 characters (RFC 4648).
func base64(_ bytes: [UInt8]) -> String {
  Data(bytes).base64EncodedString()
}
