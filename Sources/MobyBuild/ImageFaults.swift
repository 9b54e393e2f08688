internal import Extents
public import MobySpec

/// Images that could not be had, each with the place that names it.
public struct ImageFaults: Error, CustomStringConvertible {
    public let diagnostics: [Diagnostic]

    public var description: String { diagnostics.map(\.message).joined(separator: "\n") }

    /// - Parameter failures: by the text that names the image.
    init(_ failures: [String: any Error], places: [Located<String>]) {
        var rest = failures
        diagnostics = places.compactMap { place in
            guard let error = rest.removeValue(forKey: place.value) else { return nil }
            return Diagnostic(at: place.location, "\(error)", hint: (error as? any HintedError)?.hint)
        }
    }
}
