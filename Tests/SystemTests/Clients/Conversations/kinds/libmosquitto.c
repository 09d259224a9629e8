// SPDX-License-Identifier: Apache-2.0
//
// libmosquitto, the client library of mosquitto, told what to do by lines on standard input; the
// form is in spoken.py. Its network thread makes the callbacks.
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <pthread.h>
#include "lines.h"

static struct mosquitto *client;
static int five;

// Which request each packet identifier belongs to; the answer may come before it is written down,
// so who asks holds the lock meanwhile.
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long requests[65536];

static long request_of(int mid) {
    pthread_mutex_lock(&lock);
    long id = requests[mid];
    pthread_mutex_unlock(&lock);
    return id;
}

/// `will_delay_interval` is `will-delay-interval` there.
static void respell(char *name, char from, char to) {
    for (; *name; name++)
        if (*name == from) *name = to;
}

static void add_property(mosquitto_property **properties, const struct field *field) {
    char name[64];
    int code, type;
    snprintf(name, sizeof name, "%s", field->name + 2);
    respell(name, '_', '-');
    if (mosquitto_string_to_property_info(name, &code, &type)) return fail(name, 0);
    uint32_t value = (uint32_t)strtoul(field->value, NULL, 10);
    switch (type) {
        case MQTT_PROP_TYPE_BYTE: mosquitto_property_add_byte(properties, code, (uint8_t)value); break;
        case MQTT_PROP_TYPE_INT16: mosquitto_property_add_int16(properties, code, (uint16_t)value); break;
        case MQTT_PROP_TYPE_INT32: mosquitto_property_add_int32(properties, code, value); break;
        case MQTT_PROP_TYPE_VARINT: mosquitto_property_add_varint(properties, code, value); break;
        case MQTT_PROP_TYPE_BINARY:
            mosquitto_property_add_binary(properties, code, field->value, (uint16_t)field->length);
            break;
        case MQTT_PROP_TYPE_STRING: mosquitto_property_add_string(properties, code, field->value); break;
        default:
            mosquitto_property_add_string_pair(
                properties, code, field->value, field->value + strlen(field->value) + 1);
    }
}

static mosquitto_property *properties_of(const struct line *line, const char *prefix) {
    mosquitto_property *properties = NULL;
    for (int i = 0; i < line->count; i++)
        if (!strncmp(line->fields[i].name, prefix, 2)) add_property(&properties, &line->fields[i]);
    return properties;
}

static void say_property(const char *field, int code, int type, const mosquitto_property *property) {
    uint8_t byte = 0;
    uint16_t two, length;
    uint32_t four;
    void *bytes = NULL;
    char *name, *value;
    switch (type) {
        case MQTT_PROP_TYPE_BYTE:
            mosquitto_property_read_byte(property, code, &byte, false);
            return say_number(field, byte);
        case MQTT_PROP_TYPE_INT16:
            mosquitto_property_read_int16(property, code, &two, false);
            return say_number(field, two);
        case MQTT_PROP_TYPE_INT32:
            mosquitto_property_read_int32(property, code, &four, false);
            return say_number(field, four);
        case MQTT_PROP_TYPE_VARINT:
            mosquitto_property_read_varint(property, code, &four, false);
            return say_number(field, four);
        case MQTT_PROP_TYPE_BINARY:
            mosquitto_property_read_binary(property, code, &bytes, &length, false);
            say_bytes(field, bytes, length);
            return free(bytes);
        case MQTT_PROP_TYPE_STRING:
            mosquitto_property_read_string(property, code, &value, false);
            say_text(field, value);
            return free(value);
        default:
            mosquitto_property_read_string_pair(property, code, &name, &value, false);
            say_text(field, name);
            fputs("%00", stdout);
            for (char *byte = value; *byte; byte++) printf("%%%02X", (unsigned char)*byte);
            free(name);
            free(value);
    }
}

static void say_properties(const mosquitto_property *property) {
    for (; property; property = mosquitto_property_next(property)) {
        int code = mosquitto_property_identifier(property), same, type;
        const char *name = mosquitto_property_identifier_to_string(code);
        char field[64];
        mosquitto_string_to_property_info(name, &same, &type);
        snprintf(field, sizeof field, "p.%s", name);
        respell(field, '-', '_');
        say_property(field, code, type, property);
    }
}

static void connected(
    struct mosquitto *c, void *context, int code, int flags, const mosquitto_property *properties) {
    begin("connected");
    say_number("code", code);
    say_number("present", flags & 1);
    say_properties(properties);
    end();
}

static void disconnected(
    struct mosquitto *c, void *context, int code, const mosquitto_property *properties) {
    answer("disconnected", 0, code);
}

static void arrived(
    struct mosquitto *c, void *context, const struct mosquitto_message *message,
    const mosquitto_property *properties) {
    begin("message");
    say_text("topic", message->topic);
    say_bytes("payload", message->payload, (size_t)message->payloadlen);
    say_number("qos", message->qos);
    say_number("retain", message->retain);
    say_properties(properties);
    end();
}

static void subscribed(
    struct mosquitto *c, void *context, int mid, int count, const int *codes,
    const mosquitto_property *properties) {
    answer("subscribed", request_of(mid), codes[0]);
}

static void unsubscribed(
    struct mosquitto *c, void *context, int mid, const mosquitto_property *properties) {
    answer("unsubscribed", request_of(mid), 0);
}

static void published(
    struct mosquitto *c, void *context, int mid, int code, const mosquitto_property *properties) {
    answer("published", request_of(mid), code);
}

static void open_connection(const struct line *line) {
    five = number(line, "five") == 1;
    bool clean = number(line, "clean") == 1;
    const char *name = text(line, "name");
    client = mosquitto_new(*name ? name : NULL, clean || !*name, NULL);
    mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, five ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311);
    mosquitto_connect_v5_callback_set(client, connected);
    mosquitto_disconnect_v5_callback_set(client, disconnected);
    mosquitto_message_v5_callback_set(client, arrived);
    mosquitto_subscribe_v5_callback_set(client, subscribed);
    mosquitto_unsubscribe_v5_callback_set(client, unsubscribed);
    mosquitto_publish_v5_callback_set(client, published);
    unsigned int delay = number(line, "reconnects") ? 1 : 99;
    mosquitto_reconnect_delay_set(client, delay, delay, false);
    mosquitto_property *properties = NULL, *will_properties = NULL;
    if (five) {
        properties = properties_of(line, "p.");
        will_properties = properties_of(line, "w.");
        mosquitto_property_add_int32(
            &properties, MQTT_PROP_SESSION_EXPIRY_INTERVAL, (uint32_t)number(line, "expiry"));
    }
    const struct field *payload = find(line, "will_payload");
    if (find(line, "will_topic"))
        mosquitto_will_set_v5(
            client, text(line, "will_topic"), (int)payload->length, payload->value,
            (int)number(line, "will_qos"), number(line, "will_retain") == 1, will_properties);
    int code = mosquitto_connect_bind_v5(
        client, "127.0.0.1", (int)number(line, "port"), (int)number(line, "keepalive"), NULL,
        properties);
    if (code) fail("connect", code);
    mosquitto_loop_start(client);
}

static int subscribe(const struct line *line, int *mid) {
    mosquitto_property *properties = NULL;
    int options = 0;
    if (number(line, "no_local")) options |= MQTT_SUB_OPT_NO_LOCAL;
    if (number(line, "retain_as_published")) options |= MQTT_SUB_OPT_RETAIN_AS_PUBLISHED;
    options |= (int)number(line, "retain_handling") << 4;
    if (find(line, "subscription_identifier"))
        mosquitto_property_add_varint(
            &properties, MQTT_PROP_SUBSCRIPTION_IDENTIFIER,
            (uint32_t)number(line, "subscription_identifier"));
    return mosquitto_subscribe_v5(
        client, mid, text(line, "filter"), (int)number(line, "qos"), options, properties);
}

static int publish(const struct line *line, int *mid) {
    const struct field *payload = find(line, "payload");
    mosquitto_property *properties = five ? properties_of(line, "p.") : NULL;
    int code = mosquitto_publish_v5(
        client, mid, text(line, "topic"), (int)payload->length, payload->value,
        (int)number(line, "qos"), number(line, "retain") == 1, properties);
    mosquitto_property_free_all(&properties);
    return code;
}

static void ask(const struct line *line) {
    int mid = 0, code = 0;
    pthread_mutex_lock(&lock);
    if (!strcmp(line->word, "subscribe")) code = subscribe(line, &mid);
    if (!strcmp(line->word, "unsubscribe"))
        code = mosquitto_unsubscribe_v5(client, &mid, text(line, "filter"), NULL);
    if (!strcmp(line->word, "publish")) code = publish(line, &mid);
    requests[mid] = number(line, "id");
    pthread_mutex_unlock(&lock);
    if (code) fail(line->word, code);
}

int main(void) {
    struct line line = {0};
    mosquitto_lib_init();
    while (read_line(&line)) {
        if (!strcmp(line.word, "connect")) {
            open_connection(&line);
        } else if (!strcmp(line.word, "leave")) {
            mosquitto_disconnect_v5(client, (int)number(&line, "reason"), NULL);
            mosquitto_loop_stop(client, false);
            answer("left", 0, 0);
        } else {
            ask(&line);
        }
    }
    mosquitto_disconnect(client);
    return 0;
}
