internal import CCrypto

/// A time stamp of a signature (RFC 3161), as DER of a TimeStampResp.
struct TimeStamp: Sendable {
    let der: [UInt8]

    /// Verifies it against the authorities that may give time stamps.
    /// - Parameter signature: the bytes that were stamped.
    /// - Returns: the time in seconds since 1970; nil when no authority gave it, or it is of another signature.
    func time(of signature: [UInt8], _ authorities: [CertificateAuthority]) -> Int64? {
        defer { ERR_clear_error() }
        guard let response = LibCrypto.decode(der, { d2i_TS_RESP(nil, $0, $1) })?.value else { return nil }
        defer { TS_RESP_free(response) }
        guard let info = TS_RESP_get_tst_info(response), let time = Self.seconds(info) else { return nil }
        let isValid = authorities.contains { authority in
            authority.period.contains(time) && Self.verifies(response, signature, authority, at: time)
        }
        return isValid ? time : nil
    }

    private static func seconds(_ info: OpaquePointer) -> Int64? {
        guard let stamp = TS_TST_INFO_get_time(info), let epoch = ASN1_TIME_set(nil, 0) else { return nil }
        defer { ASN1_TIME_free(epoch) }
        var (days, seconds) = (Int32(0), Int32(0))
        guard ASN1_TIME_diff(&days, &seconds, epoch, stamp) == 1 else { return nil }
        return Int64(days) * 86400 + Int64(seconds)
    }

    private static func verifies(
        _ response: OpaquePointer, _ signature: [UInt8], _ authority: CertificateAuthority, at time: Int64
    ) -> Bool {
        guard let context = TS_VERIFY_CTX_new(), let store = X509_STORE_new(), let root = authority.chain.last else {
            return false
        }
        // The context owns what it is given: the store, the data and the list of certificates.
        defer { TS_VERIFY_CTX_free(context) }
        X509_STORE_add_cert(store, root.handle)
        X509_STORE_set_purpose(store, X509_PURPOSE_TIMESTAMP_SIGN)
        let parameters = X509_STORE_get0_param(store)
        X509_VERIFY_PARAM_set_time(parameters, time_t(time))
        X509_VERIFY_PARAM_set_flags(parameters, UInt(X509_V_FLAG_PARTIAL_CHAIN))
        let others = OPENSSL_sk_new_null()
        for certificate in authority.chain {
            X509_up_ref(certificate.handle)
            OPENSSL_sk_push(others, UnsafeRawPointer(certificate.handle))
        }
        TS_VERIFY_CTX_set_store(context, store)
        TS_VERIFY_CTX_set_certs(context, others)
        return signature.withUnsafeBytes { bytes in
            TS_VERIFY_CTX_set_data(context, BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)))
            TS_VERIFY_CTX_set_flags(context, Int32(TS_VFY_VERSION | TS_VFY_SIGNATURE | TS_VFY_DATA))
            return TS_RESP_verify_response(context, response) == 1
        }
    }
}
