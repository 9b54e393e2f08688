/// What of an image's files decides whether a program can be started (execve(2)): found out once for each image, and
/// kept.
struct ProgramFacts: Codable, Equatable, Sendable {
    /// A file that is executed: the program, then the interpreter of a script, and so on.
    struct Executable: Codable, Equatable, Sendable {
        enum Form: String, Codable, Sendable { case elf, script, unknown }

        /// As it was asked for.
        var path: String
        var form = Form.unknown
        /// `e_machine` of an ELF file.
        var machine = 0
        /// The loader of an ELF file (PT_INTERP), the program after `#!` of a script.
        var interpreter: String?
        /// The problem with the interpreter, e.g. `does not exist`.
        var problem: String?
        /// What `/usr/bin/env` of a script is to look for, when no folder of PATH has it.
        var missingProgram: String?
        /// Libraries (DT_NEEDED) of a name that no file of the image has.
        var missingLibraries: [String] = []
    }

    /// The first candidate that can be executed.
    var path: String?
    /// The problem with the candidates when none can.
    var reason = "does not exist"
    var executables: [Executable] = []
}

extension ProgramFacts {
    /// Changes whenever the same files give other facts.
    static let version = 2

    /// - Parameters:
    ///   - candidates: absolute paths, the first that can be executed counts.
    ///   - folders: of PATH, for `#!/usr/bin/env NAME`.
    init(_ candidates: [String], folders: [String], in contents: ImageContents) throws {
        for candidate in candidates {
            guard let problem = contents.problem(of: candidate) else {
                path = candidate
                break
            }
            if problem != reason { reason = problem }
        }
        guard var next = path else { return }
        // As many as the kernel follows (BINPRM_MAX_RECURSION).
        for _ in 0..<5 {
            let executable = try contents.executable(next, folders: folders)
            executables.append(executable)
            guard executable.form == .script, executable.problem == nil, let interpreter = executable.interpreter else {
                break
            }
            next = interpreter
        }
    }
}
