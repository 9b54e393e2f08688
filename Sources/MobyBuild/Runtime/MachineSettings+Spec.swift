internal import BootLayout
internal import MobySpec

extension MachineSettings {
    /// What PID 1 has to know of the spec beyond its containers.
    init(_ spec: Spec) {
        self.init()
        isReadOnly = spec.readonly ?? false
        hidesProcesses = spec.hidesProcesses ?? false
    }
}
