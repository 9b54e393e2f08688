/// What runs the guest's instructions, by QEMU's name.
public enum Accelerator: String, CaseIterable, Sendable {
    case kvm, tcg, hvf, whpx

    /// What the user wants.
    public enum Choice: Hashable, Sendable {
        /// Hardware if it is seen to work, else emulation.
        case automatic
        /// Just this, without a probe.
        case fixed(Accelerator)

        /// Reads `kvm`, `tcg`, `kvm:tcg` (the first that works) or nothing.
        /// - Throws: ``RunError`` for any other.
        public init(parsing text: String) throws {
            let names = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            let known = names.compactMap(Accelerator.init(rawValue:))
            if text.isEmpty || text == "auto" || text == "default" {
                self = .automatic
            } else if known.count != names.count || Set(names).count != names.count {
                throw RunError(
                    "--accel: '\(text)' is not an accelerator",
                    hint: "one of kvm, tcg, or kvm:tcg for the first that works (the default)")
            } else if known.count == 1 {
                self = .fixed(known[0])
            } else {
                self = known[0] == .tcg ? .fixed(.tcg) : .automatic
            }
        }
    }
}
