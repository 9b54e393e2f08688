internal import Extents
internal import FoundationEssentials
internal import Glibc

/// What authorizes the calls. Its description names the account, never a secret.
public enum Credential: Sendable, CustomStringConvertible {
    case serviceAccount(ServiceAccount)
    case user(AuthorizedUser)
    /// The service account of the Google machine that this program runs on.
    case machine
    /// Anonymous access, for emulators.
    case none

    public var description: String {
        switch self {
        case .serviceAccount(let account): "service account \(account.email)"
        case .user: "the user of 'gcloud auth application-default login'"
        case .machine: "the machine's service account"
        case .none: "anonymous access"
        }
    }

    /// The project of the credential, when it names one.
    public var project: String? {
        switch self {
        case .serviceAccount(let account): account.project
        case .user(let user): user.project
        case .machine, .none: nil
        }
    }
}

extension Credential {
    /// The credential to use: the named file, else that of `GOOGLE_APPLICATION_CREDENTIALS`, else that of `gcloud auth
    /// application-default login`, else the machine's.
    /// - Parameters:
    ///   - keys: path of a JSON key; nil or empty continues the search.
    ///   - option: the option or variable of `keys`, for messages.
    ///   - environment: `GOOGLE_APPLICATION_CREDENTIALS`, `CLOUDSDK_CONFIG`, `HOME`.
    /// - Throws: ``CredentialError`` for a file that cannot be used; it names the file and its option or variable.
    public static func find(keys: String?, option: String = "--keys", environment: [String: String]) throws
        -> Credential
    {
        if let keys, !keys.isEmpty { return try read(keys, namedBy: option) }
        let variable = "GOOGLE_APPLICATION_CREDENTIALS"
        if let path = environment[variable], !path.isEmpty { return try read(path, namedBy: variable) }
        let folder = environment["CLOUDSDK_CONFIG"] ?? environment["HOME"].map { "\($0)/.config/gcloud" }
        guard let path = folder.map({ "\($0)/application_default_credentials.json" }) else { return .machine }
        // One that cannot be looked at is not missing: reading it reports why.
        if (try? HostFiles.exists(path)) == false { return .machine }
        return try read(path, namedBy: "gcloud auth application-default login")
    }

    /// Reads the JSON file of a service account or a user.
    /// - Parameter source: the option, variable or program that named the file.
    public static func read(_ path: String, namedBy source: String) throws -> Credential {
        let bytes: [UInt8]
        let origin = "'\(path)' (of \(source))"
        do { bytes = try HostFiles.read(path, limit: 1 << 20) } catch {
            throw CredentialError(
                "\(error) (of \(source))", hint: "create a key in the console under IAM & Admin, Service Accounts, Keys"
            )
        }
        let decoder = JSONDecoder()
        guard let type = (try? decoder.decode(Kind.self, from: Data(bytes)))?.type else {
            throw CredentialError(
                "\(origin) is not a credentials file (no \"type\")",
                hint: "expected the key of a service account in JSON, not P12")
        }
        do {
            switch type {
            case "service_account":
                var account = try decoder.decode(ServiceAccount.self, from: Data(bytes))
                account.origin = origin
                // Checked now, not when the first token is needed.
                do { try RSASignature.check(account.key) } catch {
                    throw CredentialError("\(origin): \(error)", hint: error.hint)
                }
                return .serviceAccount(account)
            case "authorized_user":
                var user = try decoder.decode(AuthorizedUser.self, from: Data(bytes))
                user.origin = origin
                return .user(user)
            default:
                throw CredentialError(
                    "\(origin) has credentials of the type '\(PlainText.short(type))', expected 'service_account' or 'authorized_user'",
                    hint: "name a service account's key with --keys")
            }
        } catch let error as DecodingError {
            throw CredentialError(
                "\(origin) is not a valid '\(type)': \(Self.field(error))", hint: "create the key again")
        }
    }

    private struct Kind: Decodable { let type: String }

    /// The wrong field, without its value.
    private static func field(_ error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, _): "'\(key.stringValue)' is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "'\(context.codingPath.last?.stringValue ?? "")' is not a string"
        default: "the JSON is damaged"
        }
    }
}
