// SPDX-License-Identifier: Apache-2.0
//
// Properties of MQTT 5.0 between lines and the paho library for C, for both of its interfaces.
#pragma once
#include <MQTTProperties.h>
#include "lines.h"

static const struct { const char *name; enum MQTTPropertyCodes code; } property_names[] = {
    {"payload_format_indicator", MQTTPROPERTY_CODE_PAYLOAD_FORMAT_INDICATOR},
    {"message_expiry_interval", MQTTPROPERTY_CODE_MESSAGE_EXPIRY_INTERVAL},
    {"content_type", MQTTPROPERTY_CODE_CONTENT_TYPE},
    {"response_topic", MQTTPROPERTY_CODE_RESPONSE_TOPIC},
    {"correlation_data", MQTTPROPERTY_CODE_CORRELATION_DATA},
    {"subscription_identifier", MQTTPROPERTY_CODE_SUBSCRIPTION_IDENTIFIER},
    {"session_expiry_interval", MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL},
    {"assigned_client_identifier", MQTTPROPERTY_CODE_ASSIGNED_CLIENT_IDENTIFER},
    {"server_keep_alive", MQTTPROPERTY_CODE_SERVER_KEEP_ALIVE},
    {"will_delay_interval", MQTTPROPERTY_CODE_WILL_DELAY_INTERVAL},
    {"request_response_information", MQTTPROPERTY_CODE_REQUEST_RESPONSE_INFORMATION},
    {"response_information", MQTTPROPERTY_CODE_RESPONSE_INFORMATION},
    {"receive_maximum", MQTTPROPERTY_CODE_RECEIVE_MAXIMUM},
    {"topic_alias_maximum", MQTTPROPERTY_CODE_TOPIC_ALIAS_MAXIMUM},
    {"topic_alias", MQTTPROPERTY_CODE_TOPIC_ALIAS},
    {"user_property", MQTTPROPERTY_CODE_USER_PROPERTY},
    {"maximum_packet_size", MQTTPROPERTY_CODE_MAXIMUM_PACKET_SIZE},
};
static const int property_count = sizeof property_names / sizeof *property_names;

static void add_number(MQTTProperties *properties, enum MQTTPropertyCodes code, long value) {
    MQTTProperty property = {.identifier = code};
    switch (MQTTProperty_getType(code)) {
        case MQTTPROPERTY_TYPE_BYTE: property.value.byte = (unsigned char)value; break;
        case MQTTPROPERTY_TYPE_TWO_BYTE_INTEGER: property.value.integer2 = (unsigned short)value; break;
        default: property.value.integer4 = (unsigned int)value;
    }
    MQTTProperties_add(properties, &property);
}

static void add_text(MQTTProperties *properties, enum MQTTPropertyCodes code, const struct field *field) {
    MQTTProperty property = {.identifier = code};
    property.value.data = (MQTTLenString){(int)field->length, field->value};
    if (code == MQTTPROPERTY_CODE_USER_PROPERTY) {
        int name = (int)strlen(field->value);
        property.value.data.len = name;
        property.value.value = (MQTTLenString){(int)field->length - name - 1, field->value + name + 1};
    }
    MQTTProperties_add(properties, &property);
}

/// The fields whose names begin with `p.` or `w.`.
static MQTTProperties properties_of(const struct line *line, const char *prefix) {
    MQTTProperties properties = MQTTProperties_initializer;
    for (int i = 0; i < line->count; i++) {
        const struct field *field = &line->fields[i];
        if (strncmp(field->name, prefix, 2)) continue;
        for (int j = 0; j < property_count; j++) {
            if (strcmp(field->name + 2, property_names[j].name)) continue;
            int type = MQTTProperty_getType(property_names[j].code);
            if (type >= MQTTPROPERTY_TYPE_BINARY_DATA)
                add_text(&properties, property_names[j].code, field);
            else
                add_number(&properties, property_names[j].code, strtol(field->value, NULL, 10));
        }
    }
    return properties;
}

static void say_property(const char *name, const MQTTProperty *property) {
    char field[64];
    snprintf(field, sizeof field, "p.%s", name);
    switch (MQTTProperty_getType(property->identifier)) {
        case MQTTPROPERTY_TYPE_BYTE: say_number(field, property->value.byte); break;
        case MQTTPROPERTY_TYPE_TWO_BYTE_INTEGER: say_number(field, property->value.integer2); break;
        case MQTTPROPERTY_TYPE_FOUR_BYTE_INTEGER:
        case MQTTPROPERTY_TYPE_VARIABLE_BYTE_INTEGER: say_number(field, property->value.integer4); break;
        case MQTTPROPERTY_TYPE_UTF_8_STRING_PAIR:
            say_bytes(field, property->value.data.data, (size_t)property->value.data.len);
            fputs("%00", stdout);
            const MQTTLenString *value = &property->value.value;
            for (int i = 0; i < value->len; i++) printf("%%%02X", (unsigned char)value->data[i]);
            break;
        default: say_bytes(field, property->value.data.data, (size_t)property->value.data.len);
    }
}

static void say_properties(const MQTTProperties *properties) {
    for (int i = 0; properties && i < properties->count; i++)
        for (int j = 0; j < property_count; j++)
            if (property_names[j].code == properties->array[i].identifier)
                say_property(property_names[j].name, &properties->array[i]);
}
