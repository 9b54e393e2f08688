/// What helps against the errors that people meet.
enum Hints {
    static func hint(reason: String?, status: Int?, message: String) -> String? {
        if message.contains("uniform bucket-level access") || message.contains("public access prevention") {
            return "leave --public out: this bucket gives access to the whole bucket only"
        }
        if message.contains("insufficient authentication scopes") {
            return "the machine's or login's scopes are too narrow; log in with: gcloud auth application-default login"
        }
        return reason.flatMap { byReason[$0] } ?? status.flatMap { byStatus[$0] }
    }

    private static let login = "log in anew with: gcloud auth application-default login; or name a service account's key with --keys"
    private static let quota = "delete what is no longer needed, or ask for more in the console under IAM & Admin, Quotas"
    private static let roles =
        "the account needs the roles roles/storage.admin and roles/compute.instanceAdmin.v1 (with roles/iam.serviceAccountUser) in this project"

    private static let byReason: [String: String] = [
        "quotaExceeded": quota, "QUOTA_EXCEEDED": quota,
        "rateLimitExceeded": "too many requests in a short time; try again in a minute",
        "RATE_LIMIT_EXCEEDED": "too many requests in a short time; try again in a minute",
        "ZONE_RESOURCE_POOL_EXHAUSTED": "the zone has no such machine free: choose another --zone or --machine",
        "accountDisabled": "the project's billing account is closed; look at it in the console under Billing",
        "billingNotEnabled": "link a billing account to the project in the console under Billing",
        "BILLING_DISABLED": "link a billing account to the project in the console under Billing",
        "resourceInUseByAnotherResource": "delete the machine that uses it first",
        "alreadyExists": "choose another name",
        "invalid_grant": login, "invalid_client": login, "authError": login,
        "invalid_scope": "the key is of an account that may not ask for Compute and Storage",
    ]

    private static let byStatus: [Int: String] = [
        401: login, 403: roles, 404: "check project, zone, bucket and name",
        409: "choose another name", 429: "try again in a minute",
        500: "try again later; https://status.cloud.google.com tells of outages",
        503: "try again later; https://status.cloud.google.com tells of outages",
    ]
}
