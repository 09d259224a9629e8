// SPDX-License-Identifier: Apache-2.0
//
// Eclipse paho for C, its synchronous interface with its own store in a folder, told what to do by
// lines on standard input; the form is in spoken.py. Calls return when the broker has answered.
#include <pthread.h>
#include <MQTTClient.h>
#include "paho_properties.h"

static MQTTClient client;
static int five;

// Which request each token belongs to; a delivery may be over before its token is written down.
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long waiting[65536], early[65536];

static void disconnected(
    void *context, MQTTProperties *properties, enum MQTTReasonCodes code) {
    answer("disconnected", 0, code);
}

static void lost(void *context, char *cause) { answer("lost", 0, 0); }

static int arrived(void *context, char *topic, int length, MQTTClient_message *message) {
    begin("message");
    say_text("topic", topic);
    say_bytes("payload", message->payload, (size_t)message->payloadlen);
    say_number("qos", message->qos);
    say_number("retain", message->retained);
    if (five) say_properties(&message->properties);
    end();
    MQTTClient_freeMessage(&message);
    MQTTClient_free(topic);
    return 1;
}

static void delivered(void *context, MQTTClient_deliveryToken token) {
    pthread_mutex_lock(&lock);
    if (waiting[token]) answer("published", waiting[token], 0); else early[token] = 1;
    waiting[token] = 0;
    pthread_mutex_unlock(&lock);
}

static void open_connection(const struct line *line) {
    char address[64];
    snprintf(address, sizeof address, "tcp://127.0.0.1:%ld", number(line, "port"));
    five = number(line, "five") == 1;
    MQTTClient_createOptions create = MQTTClient_createOptions_initializer;
    create.MQTTVersion = five ? MQTTVERSION_5 : MQTTVERSION_3_1_1;
    // Its store goes by the client identifier.
    const char *name = text(line, "name");
    int store = *name ? MQTTCLIENT_PERSISTENCE_DEFAULT : MQTTCLIENT_PERSISTENCE_NONE;
    int code = MQTTClient_createWithOptions(
        &client, address, name, store, (void *)text(line, "folder"), &create);
    if (code) fail("create", code);
    MQTTClient_setCallbacks(client, NULL, lost, arrived, delivered);
    if (five) MQTTClient_setDisconnected(client, NULL, disconnected);

    MQTTClient_connectOptions three_options = MQTTClient_connectOptions_initializer;
    MQTTClient_connectOptions five_options = MQTTClient_connectOptions_initializer5;
    MQTTClient_connectOptions options = five ? five_options : three_options;
    options.keepAliveInterval = (int)number(line, "keepalive");
    options.reliable = 0;
    MQTTClient_willOptions will = MQTTClient_willOptions_initializer;
    if (find(line, "will_topic")) {
        will.topicName = text(line, "will_topic");
        will.message = text(line, "will_payload");
        will.qos = (int)number(line, "will_qos");
        will.retained = (int)number(line, "will_retain");
        options.will = &will;
    }
    MQTTResponse response = MQTTResponse_initializer;
    if (five) {
        MQTTProperties properties = properties_of(line, "p.");
        MQTTProperties will_properties = properties_of(line, "w.");
        add_number(&properties, MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL, number(line, "expiry"));
        options.cleanstart = (int)number(line, "clean");
        response = MQTTClient_connect5(
            client, &options, &properties, options.will ? &will_properties : NULL);
        code = response.reasonCode;
    } else {
        options.MQTTVersion = MQTTVERSION_3_1_1;
        options.cleansession = (int)number(line, "clean");
        code = MQTTClient_connect(client, &options);
    }
    if (code) {
        fail("connect", code);
        return;
    }
    begin("connected");
    say_number("code", 0);
    say_number("present", options.returned.sessionPresent);
    say_properties(response.properties);
    end();
    MQTTResponse_free(response);
}

static long subscribe(const struct line *line) {
    const char *filter = text(line, "filter");
    int qos = (int)number(line, "qos");
    if (!five) return MQTTClient_subscribe(client, filter, qos) ? 0x80 : qos;
    MQTTSubscribe_options options = MQTTSubscribe_options_initializer;
    options.noLocal = (unsigned char)number(line, "no_local");
    options.retainAsPublished = (unsigned char)number(line, "retain_as_published");
    options.retainHandling = (unsigned char)number(line, "retain_handling");
    MQTTProperties properties = MQTTProperties_initializer;
    if (find(line, "subscription_identifier"))
        add_number(&properties, MQTTPROPERTY_CODE_SUBSCRIPTION_IDENTIFIER,
                   number(line, "subscription_identifier"));
    MQTTResponse response = MQTTClient_subscribe5(client, filter, qos, &options, &properties);
    MQTTProperties_free(&properties);
    long code = response.reasonCode;
    MQTTResponse_free(response);
    return code;
}

static void publish(const struct line *line) {
    MQTTClient_message message = MQTTClient_message_initializer;
    const struct field *payload = find(line, "payload");
    message.payload = payload->value;
    message.payloadlen = (int)payload->length;
    message.qos = (int)number(line, "qos");
    message.retained = (int)number(line, "retain");
    MQTTClient_deliveryToken token = 0;
    int code;
    if (five) {
        message.properties = properties_of(line, "p.");
        MQTTResponse response = MQTTClient_publishMessage5(client, text(line, "topic"), &message, &token);
        code = response.reasonCode;
        MQTTResponse_free(response);
        MQTTProperties_free(&message.properties);
    } else {
        code = MQTTClient_publishMessage(client, text(line, "topic"), &message, &token);
    }
    long id = number(line, "id");
    if (code) fail("publish", code);
    pthread_mutex_lock(&lock);
    if (message.qos == 0 || early[token]) answer("published", id, 0); else waiting[token] = id;
    early[token] = 0;
    pthread_mutex_unlock(&lock);
}

static void leave(const struct line *line) {
    if (five)
        MQTTClient_disconnect5(client, 1000, (enum MQTTReasonCodes)number(line, "reason"), NULL);
    else
        MQTTClient_disconnect(client, 1000);
    answer("left", 0, 0);
}

static long unsubscribe(const char *filter) {
    if (!five) return MQTTClient_unsubscribe(client, filter);
    MQTTResponse response = MQTTClient_unsubscribe5(client, filter, NULL);
    long code = response.reasonCode;
    MQTTResponse_free(response);
    return code;
}

int main(void) {
    struct line line = {0};
    while (read_line(&line)) {
        if (!strcmp(line.word, "connect")) open_connection(&line);
        if (!strcmp(line.word, "subscribe"))
            answer("subscribed", number(&line, "id"), subscribe(&line));
        if (!strcmp(line.word, "unsubscribe"))
            answer("unsubscribed", number(&line, "id"), unsubscribe(text(&line, "filter")));
        if (!strcmp(line.word, "publish")) publish(&line);
        if (!strcmp(line.word, "leave")) leave(&line);
    }
    MQTTClient_destroy(&client);
    return 0;
}
