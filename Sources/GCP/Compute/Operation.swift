/// Something that Compute Engine is at (`globalOperations`, `zoneOperations`).
public struct Operation: Sendable, Decodable {
    struct Fault: Decodable { let errors: [Part]? }
    struct Part: Decodable {
        let code: String?
        let message: String?
    }

    public let name: String
    /// `PENDING`, `RUNNING`, `DONE`.
    let status: String
    let error: Fault?
    let httpErrorStatusCode: Int?
    let httpErrorMessage: String?
    /// In percent.
    public let progress: Int?

    var isDone: Bool { status == "DONE" }

    /// What a finished operation says that it did not do.
    func fault(_ title: String) -> GoogleError? {
        guard let first = error?.errors?.first else {
            return httpErrorStatusCode.map { GoogleError(title, status: $0, httpErrorMessage ?? "no reason was given") }
        }
        let words = first.message ?? httpErrorMessage ?? "no reason was given"
        return GoogleError(title, status: httpErrorStatusCode, reason: first.code, words)
    }
}
