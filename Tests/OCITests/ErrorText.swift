import Extents

extension HintedError {
    /// The message and its hint, as users read them.
    var text: String { "\(self)" + (hint.map { "\n  hint: \($0)" } ?? "") }
}
