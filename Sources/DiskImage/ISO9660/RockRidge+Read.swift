internal import Extents

extension RockRidge {
    /// How many bytes the fields of a record start after its name; nil when the root's own record says nothing of Rock
    /// Ridge.
    static func skip(_ record: ByteView) throws -> Int? {
        guard record.count >= 34 + 7, try record.slice(34, 2) == Array("SP".utf8) else { return nil }
        return Int(try record.u8(40))
    }

    /// The fields of a record.
    struct Facts {
        private(set) var name: [UInt8]
        private(set) var kind = ISO9660.Entry.Kind.file(ExtentList())
        private(set) var mode: UInt16
        private(set) var uid: UInt32 = 0
        private(set) var gid: UInt32 = 0
        private(set) var modified: Int64?
        private var hasName = false
        private var type: UInt32 = 0
        private var target: [UInt8] = []
        private var device: (major: UInt32, minor: UInt32) = (0, 0)
        /// Whether the last component of the target goes on.
        private var isMidway = true

        init(name: [UInt8], isDirectory: Bool) {
            self.name = name
            mode = isDirectory ? 0o555 : 0o444
        }

        /// Reads the fields of a record and of its continuations.
        mutating func read(_ record: ByteView, from start: Int, _ image: ExtentList) throws {
            var (area, offset) = (record, start)
            // A symlink of 4096 bytes needs three; more are a circle.
            for _ in 0..<32 {
                guard let next = try readArea(area, from: offset) else { return finish() }
                let position = UInt64(next.sector) * ISO9660.sector + UInt64(next.offset)
                guard next.length <= UInt32(ISO9660.sector) else {
                    throw DiskImageError("Rock Ridge: fields of \(next.length) bytes")
                }
                area = try ByteView(image, at: position, count: Int(next.length), "Rock Ridge fields")
                offset = 0
            }
            throw DiskImageError("Rock Ridge: more than 32 continuations")
        }

        private typealias Area = (sector: UInt32, offset: UInt32, length: UInt32)

        private mutating func readArea(_ area: ByteView, from start: Int) throws -> Area? {
            var (offset, next): (Int, Area?) = (start, nil)
            while offset + 4 <= area.count, try area.u8(offset) > 0 {
                let length = Int(try area.u8(offset + 2))
                guard length >= 4 else { throw DiskImageError("Rock Ridge: a field of \(length) bytes") }
                let field = ByteView(try area.slice(offset, length), "Rock Ridge field")
                offset += length
                switch try field.text(0, 2) {
                case "CE": next = (try field.u32le(4), try field.u32le(12), try field.u32le(20))
                case "PX": try readAttributes(field)
                case "NM": try readName(field)
                case "SL": try readTarget(field)
                case "PN": device = Self.device(try field.u32le(4), try field.u32le(12))
                case "TF": try readTimes(field)
                case "ST": return next
                default: break
                }
            }
            return next
        }

        private mutating func readAttributes(_ field: ByteView) throws {
            let value = try field.u32le(4)
            (type, mode) = (value & 0o170000, UInt16(value & 0o7777))
            (uid, gid) = (try field.u32le(20), try field.u32le(28))
        }

        private mutating func readName(_ field: ByteView) throws {
            // Flags 2 and 4: the directory itself, its parent.
            guard try field.u8(4) & 6 == 0 else { return }
            if !hasName { name = [] }
            hasName = true
            name += try field.slice(5, field.count - 5)
        }

        private mutating func readTarget(_ field: ByteView) throws {
            var offset = 5
            while offset + 2 <= field.count {
                let (flags, length) = (try field.u8(offset), Int(try field.u8(offset + 1)))
                if !isMidway { target.append(UInt8(ascii: "/")) }
                switch flags & ~1 {
                case 2: target.append(UInt8(ascii: "."))
                case 4: target += Array("..".utf8)
                default: target += try field.slice(offset + 2, length)
                }
                // After the root comes its slash, as after any other component.
                isMidway = flags & 1 > 0
                offset += 2 + length
            }
        }

        /// Flags 1 made, 2 modified, 0x80: dates of 17 digits.
        private mutating func readTimes(_ field: ByteView) throws {
            let flags = try field.u8(4)
            guard flags & 0x82 == 2 else { return }
            let date = try field.slice(5 + (flags & 1 > 0 ? 7 : 0), 7)
            modified = ISO9660.seconds(ofShortDate: date)
        }

        private static func device(_ high: UInt32, _ low: UInt32) -> (major: UInt32, minor: UInt32) {
            high == 0 && low > 0xff ? (low >> 8, low & 0xff) : (high, low)
        }

        private mutating func finish() {
            switch type {
            case 0o120000: kind = .symlink(target == [] ? Array("/".utf8) : target)
            case 0o020000: kind = .characterDevice(major: device.major, minor: device.minor)
            case 0o060000: kind = .blockDevice(major: device.major, minor: device.minor)
            case 0o010000: kind = .fifo
            default: break
            }
        }
    }
}

extension ISO9660 {
    /// Seconds since 1970 of a date of seven bytes; its offset from UTC counts quarters of an hour.
    static func seconds(ofShortDate date: [UInt8]) -> Int64 {
        let fields = date.map(Int64.init)
        let days = CivilTime.days(year: 1900 + fields[0], month: fields[1], day: fields[2])
        return days * 86_400 + fields[3] * 3600 + fields[4] * 60 + fields[5] - Int64(Int8(bitPattern: date[6])) * 900
    }
}
