// SPDX-License-Identifier: Apache-2.0
// mosquitto's keys that the broker does not have. Where ignoring one can do no harm it is accepted,
// and a notice says why it has no effect. Where it would leave out what somebody relies on, such as
// a password or encryption, it is refused.
import Reactor

enum ForeignKeys {
    static let accepted: KeyValuePairs<String, String> = [
        "autosave_interval": "what is acknowledged is on disk already",
        "autosave_on_changes": "what is acknowledged is on disk already",
        "persistence_file": "the store is a folder and names its files itself",
        "user": "the service manager chooses the user",
        "pid_file": "the service manager knows the process",
        "allow_duplicate_messages": "a session gets each message once, however many filters match",
        "check_retain_source": "there are no access lists that could change",
        "retain_expiry_interval": "retained messages expire by themselves, at their time",
        "enable_control_api": "there is no $CONTROL/broker",
        "mptcp": "connections are plain TCP, to which clients with MPTCP fall back",
        "packet_buffer_size": "one buffer serves all connections",
        "websockets_headers_size": "there are no WebSockets",
        "websockets_log_level": "there are no WebSockets",
        "retry_interval": "messages are sent again on a new connection, and never before",
        "store_clean_interval": "messages that nobody needs are freed at once",
        "trace_level": "it is of another broker, and mosquitto ignores it too",
        "trace_output": "it is of another broker, and mosquitto ignores it too",
        "ffdc_output": "it is of another broker, and mosquitto ignores it too",
        "max_log_entries": "it is of another broker, and mosquitto ignores it too",
    ]

    private static let noPasswords = "there are no passwords and users yet"
    private static let noAccessLists = "there are no access lists yet"
    private static let noPlugins = "plugins cannot be loaded"
    private static let noTLS = "there is no encryption yet"
    private static let noBridges = "there are no bridges to other brokers yet"
    private static let noWebSockets = "there are no WebSockets yet"
    private static let noProxies = "the PROXY protocol is not spoken"

    /// Keys, and why they are refused.
    private static let missing: KeyValuePairs<String, [String]> = [
        noPasswords: ["password_file", "use_username_as_clientid"],
        noAccessLists: ["acl_file"],
        "all listeners share one tree of topics": ["mount_point"],
        noPlugins: [
            "plugin", "global_plugin", "plugin_load", "plugin_use", "plugin_opt_*",
            "auth_plugin", "auth_opt_*", "auth_plugin_deny_special_chars",
        ],
        noTLS: [
            "cafile", "capath", "certfile", "ciphers", "ciphers_tls1.3", "crlfile", "dhparamfile",
            "disable_client_cert_date_checks", "keyfile", "psk_file", "psk_hint",
            "require_certificate", "tls_engine", "tls_engine_kpass_sha1", "tls_keyform",
            "tls_version", "use_identity_as_username", "use_subject_as_username",
        ],
        noBridges: [
            "address", "addresses", "bridge_alpn", "bridge_attempt_unsubscribe",
            "bridge_bind_address", "bridge_cafile", "bridge_capath", "bridge_certfile",
            "bridge_ciphers", "bridge_ciphers_tls1.3", "bridge_identity", "bridge_insecure",
            "bridge_keyfile", "bridge_max_packet_size", "bridge_max_topic_alias",
            "bridge_outgoing_retain", "bridge_protocol_version", "bridge_psk",
            "bridge_receive_maximum", "bridge_reload_type", "bridge_require_ocsp",
            "bridge_session_expiry_interval", "bridge_tcp_keepalive", "bridge_tcp_user_timeout",
            "bridge_tls_use_os_certs", "bridge_tls_version", "cleansession", "clientid",
            "connection", "idle_timeout", "keepalive_interval", "local_cleansession",
            "local_clientid", "local_password", "local_username", "notification_topic",
            "notifications", "notifications_local_only", "password", "remote_clientid",
            "remote_password", "remote_username", "restart_timeout", "round_robin", "start_type",
            "threshold", "topic", "try_private", "username",
        ],
        noWebSockets: ["http_dir", "websockets_origin"],
        noProxies: ["enable_proxy_protocol", "proxy_protocol_v2_require_tls"],
    ]

    /// Switches that ask for nothing while they are off.
    private static let switches: Set<String> = [
        "use_username_as_clientid", "disable_client_cert_date_checks", "require_certificate",
        "use_identity_as_username", "use_subject_as_username", "proxy_protocol_v2_require_tls",
    ]

    static let notOffered: [(key: String, missing: SettingsVocabulary.NotOffered)] =
        missing.flatMap { reason, keys in
            keys.map { key in
                (
                    key,
                    SettingsVocabulary.NotOffered(
                        reason: reason, harmlessValue: switches.contains(key) ? "false" : nil)
                )
            }
        }

    static let vocabulary = SettingsVocabulary(
        known: Set(Key.all.map(\.name)),
        accepted: Dictionary(uniqueKeysWithValues: accepted.map { ($0.key, $0.value) }),
        notOffered: Dictionary(uniqueKeysWithValues: notOffered))
}
