public import Extents
internal import FoundationEssentials
internal import Glibc

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

extension Credential {
    /// The credential to use: the file named, else that of `GOOGLE_APPLICATION_CREDENTIALS`, else what `gcloud auth
    /// application-default login` left, else the machine's.
    /// - Parameters:
    ///   - keys: path of a JSON key; nil or empty looks further.
    ///   - option: what names `keys`, for messages.
    ///   - environment: `GOOGLE_APPLICATION_CREDENTIALS`, `CLOUDSDK_CONFIG`, `HOME`.
    /// - Throws: ``CredentialError`` for a file that is named and cannot be used; it names the file and what names the
    ///   file.
    public static func find(keys: String?, option: String = "--keys", environment: [String: String]) throws
        -> Credential
    {
        if let keys, !keys.isEmpty { return try read(keys, namedBy: option) }
        let variable = "GOOGLE_APPLICATION_CREDENTIALS"
        if let path = environment[variable], !path.isEmpty { return try read(path, namedBy: variable) }
        let folder = environment["CLOUDSDK_CONFIG"] ?? environment["HOME"].map { "\($0)/.config/gcloud" }
        if let path = folder.map({ "\($0)/application_default_credentials.json" }), access(path, F_OK) == 0 {
            return try read(path, namedBy: "gcloud auth application-default login")
        }
        return .machine
    }

    /// Reads a JSON file of a service account or a user.
    /// - Parameter source: the option or variable that names the file, or the program that left it there.
    public static func read(_ path: String, namedBy source: String) throws -> Credential {
        let bytes: [UInt8]
        let origin = "'\(path)' (of \(source))"
        do { bytes = try ExtentReader.bytes(of: ExtentList(file: path), limit: 1 << 20) } catch {
            throw CredentialError(
                "\(error) (of \(source))", hint: "make a key in the console under IAM & Admin, Service Accounts, Keys")
        }
        let decoder = JSONDecoder()
        guard let type = (try? decoder.decode(Kind.self, from: Data(bytes)))?.type else {
            throw CredentialError(
                "\(origin) is no JSON with a 'type'", hint: "expected a service account's key in JSON, not P12")
        }
        do {
            switch type {
            case "service_account":
                var account = try decoder.decode(ServiceAccount.self, from: Data(bytes))
                account.origin = origin
                // Now, and not when the first token is asked for.
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
                    "\(origin) has credentials of the type '\(type)', expected 'service_account' or 'authorized_user'",
                    hint: "name a service account's key with --keys")
            }
        } catch let error as DecodingError {
            throw CredentialError("\(origin) is no \(type): \(Self.field(error))", hint: "make the key anew")
        }
    }

    private struct Kind: Decodable { let type: String }

    /// The field at fault, without any value.
    private static func field(_ error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, _): "'\(key.stringValue)' is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "'\(context.codingPath.last?.stringValue ?? "")' is no text"
        default: "it is damaged"
        }
    }
}

/// Credentials that cannot be used: which, why, and what to do. Never holds a secret.
public struct CredentialError: HintedError, Sendable, Equatable, CustomStringConvertible {
    public let description: String
    public let hint: String?
    /// Whether there are none at all, which matters only to those who need some.
    let isAbsence: Bool

    init(_ description: String, hint: String? = nil, isAbsence: Bool = false) {
        self.description = description
        self.hint = hint
        self.isAbsence = isAbsence
    }
}

/// What `gcloud auth application-default login` leaves (JSON, type `authorized_user`).
public struct AuthorizedUser: Sendable, Decodable {
    let clientID: String
    let clientSecret: Secret
    let refreshToken: Secret
    public let project: String?
    /// The file, and what names it.
    var origin: String?

    enum CodingKeys: String, CodingKey {
        case clientID = "client_id"
        case clientSecret = "client_secret"
        case refreshToken = "refresh_token"
        case project = "quota_project_id"
    }
}

/// A service account's key, as the console hands it out (JSON, type `service_account`).
public struct ServiceAccount: Sendable, Decodable {
    public let email: String
    public let project: String?
    let key: Secret
    let keyID: String?
    let tokenURL: String?
    /// The file, and what names it.
    var origin: String?

    enum CodingKeys: String, CodingKey {
        case email = "client_email"
        case project = "project_id"
        case key = "private_key"
        case keyID = "private_key_id"
        case tokenURL = "token_uri"
    }
}
