public import Extents
internal import FoundationEssentials
internal import HTTP

/// A call that an API refused or failed: its title, the reason in Google's words, and a hint.
public struct GoogleError: HintedError, RetriedError, Sendable, Equatable, CustomStringConvertible {
    /// The call: `creating image 'web'`.
    public let title: String
    /// HTTP status; nil when no answer came.
    public let status: Int?
    /// Google's name for the reason: `quotaExceeded`, `SERVICE_DISABLED`.
    public let reason: String?
    public let message: String
    public let hint: String?
    /// The number of attempts.
    public var tries = 1

    init(_ title: String, status: Int? = nil, reason: String? = nil, _ message: String, hint: String? = nil) {
        self.title = title
        self.status = status
        self.reason = reason.map(PlainText.line)
        self.message = PlainText.line(message)
        self.hint = hint ?? Hints.hint(reason: reason, status: status, message: message)
    }

    /// The error of an answer; a body that is not in one of Google's formats is never shown.
    init(_ title: String, _ response: HTTPResponse, body: [UInt8]) {
        let said = ErrorBody.read(body)
        self.init(
            title, status: response.status, reason: said.reason, said.message ?? Self.words(response.status),
            hint: said.hint)
    }

    init(_ title: String, _ url: String, _ error: TransportError) {
        self.init(
            title, "\(url): \(error.description)",
            hint: "check the network and HTTPS_PROXY; certificates come from SSL_CERT_FILE")
    }

    /// Whether the same request may succeed later. An exhausted quota does not pass soon enough.
    var isRetryable: Bool {
        guard let status, reason != "quotaExceeded", reason != "QUOTA_EXCEEDED" else { return false }
        return RetryPolicy.isTransient(status)
            || status == 403 && ["rateLimitExceeded", "userRateLimitExceeded"].contains(reason)
    }

    /// Whether Google refused the call: then nothing was started.
    public var isRefusal: Bool { status.map { (400..<500).contains($0) } ?? false }

    public func after(tries: Int, seconds: Double) -> GoogleError {
        var error = self
        error.tries = tries
        return error
    }

    public var description: String {
        var text = message
        while text.hasSuffix(".") { text.removeLast() }
        let facts = [status.map(String.init), reason].compactMap(\.self).joined(separator: " ")
        return "\(title): \(text)" + (facts.isEmpty ? "" : " (\(facts))") + (tries > 1 ? ", after \(tries) tries" : "")
    }

    private static func words(_ status: Int) -> String {
        switch status {
        case 401: "the credentials are not accepted"
        case 403: "not allowed"
        case 404: "not found"
        case 409: "already exists"
        case 429: "too many requests"
        case 500...: "internal error of Google's server"
        default: "no reason given"
        }
    }
}

/// Hints for the errors that users meet.
enum Hints {
    static func hint(reason: String?, status: Int?, message: String) -> String? {
        if message.contains("uniform bucket-level access") || message.contains("public access prevention") {
            return "leave --public out: this bucket controls access for the whole bucket only"
        }
        if message.contains("insufficient authentication scopes") {
            return "the machine's or login's scopes are too narrow; log in with: gcloud auth application-default login"
        }
        return reason.flatMap { byReason[$0] } ?? status.flatMap { byStatus[$0] }
    }

    private static let login =
        "log in again with: gcloud auth application-default login; or name a service account's key with --keys"
    private static let quota =
        "delete resources that are no longer needed, or request more in the console under IAM & Admin, Quotas"
    private static let roles =
        "the account needs the roles roles/storage.admin and roles/compute.instanceAdmin.v1 (with roles/iam.serviceAccountUser) in this project"

    private static let byReason: [String: String] = [
        "quotaExceeded": quota, "QUOTA_EXCEEDED": quota,
        "rateLimitExceeded": "too many requests in a short time; try again in a minute",
        "RATE_LIMIT_EXCEEDED": "too many requests in a short time; try again in a minute",
        "ZONE_RESOURCE_POOL_EXHAUSTED": "the zone has no such machine available: choose another --zone or --machine",
        "accountDisabled": "the project's billing account is closed; look at it in the console under Billing",
        "billingNotEnabled": "link a billing account to the project in the console under Billing",
        "BILLING_DISABLED": "link a billing account to the project in the console under Billing",
        "resourceInUseByAnotherResource": "delete the machine that uses it first",
        "alreadyExists": "choose another name",
        "invalid_grant": login, "invalid_client": login, "authError": login,
        "invalid_scope": "the account of the key may not use Compute Engine and Cloud Storage",
    ]

    private static let byStatus: [Int: String] = [
        401: login, 403: roles, 404: "check project, zone, bucket and name",
        409: "choose another name", 429: "try again in a minute",
        500: "try again later; see https://status.cloud.google.com for outages",
        503: "try again later; see https://status.cloud.google.com for outages",
    ]
}
