internal import FoundationEssentials

/// The two formats of errors: that of the APIs (`error.code`, `.message`, `.errors[].reason`, `.details[].reason`;
/// Google API design guide, "Errors") and that of OAuth (RFC 6749, section 5.2).
struct ErrorBody {
    var reason: String?
    var message: String?
    var hint: String?

    static func read(_ body: [UInt8]) -> ErrorBody {
        let decoder = JSONDecoder()
        if let page = try? decoder.decode(Page.self, from: Data(body)) { return ErrorBody(page.error) }
        guard let page = try? decoder.decode(OAuth.self, from: Data(body)) else { return ErrorBody() }
        return ErrorBody(reason: page.error, message: page.description ?? page.error)
    }

    private struct Page: Decodable {
        struct Problem: Decodable {
            var message: String?
            var status: String?
            var errors: [Part]?
            var details: [Detail]?
        }
        struct Part: Decodable {
            var reason: String?
            var message: String?
        }
        struct Detail: Decodable {
            var reason: String?
            var metadata: [String: String]?
        }
        var error: Problem
    }

    private struct OAuth: Decodable {
        var error: String
        var description: String?

        enum CodingKeys: String, CodingKey {
            case error
            case description = "error_description"
        }
    }
}

extension ErrorBody {
    private init(_ error: Page.Problem) {
        let detail = error.details?.first { $0.reason != nil }
        reason = detail?.reason ?? error.errors?.first?.reason ?? error.status
        message = error.message ?? error.errors?.first?.message
        guard reason == "SERVICE_DISABLED" || reason == "accessNotConfigured" else { return }
        let service = detail?.metadata?["service"] ?? "compute.googleapis.com"
        hint = "enable the API: gcloud services enable \(service)"
        if let consumer = detail?.metadata?["consumer"], consumer.hasPrefix("projects/") {
            hint?.append(" --project \(consumer.dropFirst("projects/".count))")
        }
    }
}
