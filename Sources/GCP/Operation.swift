/// A change that Compute Engine carries out (`globalOperations`, `zoneOperations`).
public struct Operation: Sendable, Decodable {
    struct Problem: Decodable { let errors: [Part]? }
    struct Part: Decodable {
        let code: String?
        let message: String?
    }

    public let name: String
    /// `PENDING`, `RUNNING`, `DONE`.
    let status: String
    let error: Problem?
    let httpErrorStatusCode: Int?
    let httpErrorMessage: String?
    /// In percent.
    public let progress: Int?

    var isDone: Bool { status == "DONE" }

    /// The error of an operation that failed.
    func error(_ title: String) -> GoogleError? {
        guard let first = error?.errors?.first else {
            return httpErrorStatusCode.map { GoogleError(title, status: $0, httpErrorMessage ?? "no reason given") }
        }
        let words = first.message ?? httpErrorMessage ?? "no reason given"
        return GoogleError(title, status: httpErrorStatusCode, reason: first.code, words)
    }
}

/// A piece of what a machine wrote to its serial port.
public struct SerialOutput: Sendable, Decodable {
    public let contents: String
    /// Position of the first byte of `contents`, which is later than asked for when the buffer has run over; JSON has
    /// it as text.
    let start: String?
    /// Position after the last byte; JSON has it as text.
    let next: String?

    /// Where the next piece begins.
    public var position: Int64 { next.flatMap { Int64($0) } ?? 0 }
    /// Where this piece began.
    public var first: Int64 { start.flatMap { Int64($0) } ?? 0 }
}
