// SPDX-License-Identifier: Apache-2.0
// Every key that mosquitto documents, in mosquitto.conf(5) and in the example that comes with it,
// of 2.0 and of 2.1; and those that its parser knows from earlier times.

enum MosquittoKeys {
    static let general = words(
        """
        acl_file allow_anonymous allow_duplicate_messages allow_zero_length_clientid auth_opt_*
        auth_plugin auth_plugin_deny_special_chars auto_id_prefix autosave_interval
        autosave_on_changes check_retain_source clientid_prefixes connection_messages include_dir
        log_dest log_facility log_timestamp log_timestamp_format log_type max_inflight_bytes
        max_inflight_messages max_keepalive max_packet_size max_queued_bytes max_queued_messages
        memory_limit message_size_limit password_file per_listener_settings persistence
        persistence_file persistence_location persistent_client_expiration pid_file plugin
        plugin_opt_* psk_file queue_qos0_messages retain_available retained_persistence
        set_tcp_nodelay sys_interval upgrade_outgoing_qos user
        """)

    static let listeners = words(
        """
        bind_address bind_interface http_dir listener max_connections max_qos max_topic_alias
        mount_point port protocol socket_domain use_username_as_clientid websockets_log_level
        websockets_headers_size cafile capath certfile ciphers ciphers_tls1.3 crlfile dhparamfile
        keyfile require_certificate tls_engine tls_engine_kpass_sha1 tls_keyform tls_version
        use_identity_as_username use_subject_as_username psk_hint
        """)

    static let bridges = words(
        """
        address addresses bridge_attempt_unsubscribe bridge_bind_address bridge_max_packet_size
        bridge_outgoing_retain bridge_protocol_version cleansession local_cleansession connection
        keepalive_interval idle_timeout local_clientid local_password local_username notifications
        notifications_local_only notification_topic remote_clientid clientid remote_password
        password remote_username username restart_timeout round_robin start_type threshold topic
        try_private bridge_alpn bridge_cafile bridge_capath bridge_certfile bridge_identity
        bridge_insecure bridge_keyfile bridge_psk bridge_require_ocsp bridge_tls_version
        """)

    static let newIn21 = words(
        """
        accept_protocol_versions bridge_ciphers bridge_ciphers_tls1.3 bridge_max_topic_alias
        bridge_receive_maximum bridge_reload_type bridge_session_expiry_interval
        bridge_tcp_keepalive bridge_tcp_user_timeout bridge_tls_use_os_certs
        disable_client_cert_date_checks enable_control_api enable_proxy_protocol
        global_max_clients global_max_connections global_plugin listener_allow_anonymous
        listener_auto_id_prefix max_topic_alias_broker mptcp packet_buffer_size plugin_load
        plugin_use proxy_protocol_v2_require_tls retain_expiry_interval websockets_origin
        """)

    static let ofEarlierTimes = words(
        "ffdc_output max_log_entries retry_interval store_clean_interval trace_level trace_output")

    static var all: [String] { general + listeners + bridges + newIn21 + ofEarlierTimes }

    private static func words(_ text: String) -> [String] {
        text.split(whereSeparator: \.isWhitespace).map(String.init)
    }
}
