internal import Extents

typealias FileFacts = HostFiles
