/// Who asks. Printing one shows the account, never a secret.
public enum Credential: Sendable, CustomStringConvertible {
    case serviceAccount(ServiceAccount)
    case user(AuthorizedUser)
    /// The account of the Google machine that this program runs on.
    case machine
    /// Nobody: for emulators.
    case none

    public var description: String {
        switch self {
        case .serviceAccount(let account): "service account \(account.email)"
        case .user: "the user of 'gcloud auth application-default login'"
        case .machine: "the machine's service account"
        case .none: "nobody"
        }
    }

    /// The project that the credential is of, when it says so.
    public var project: String? {
        switch self {
        case .serviceAccount(let account): account.project
        case .user(let user): user.project
        case .machine, .none: nil
        }
    }
}
