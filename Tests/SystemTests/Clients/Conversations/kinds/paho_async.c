// SPDX-License-Identifier: Apache-2.0
//
// Eclipse paho for C, its asynchronous interface with its own store in a folder, told what to do by
// lines on standard input; the form is in spoken.py.
#include <MQTTAsync.h>
#include "paho_properties.h"

static MQTTAsync client;
static int five;
static struct { char *topic, *payload; } will_text;

static void connected(void *context, MQTTAsync_successData *data) {
    begin("connected");
    say_number("code", 0);
    say_number("present", data->alt.connect.sessionPresent);
    end();
}

static void connected5(void *context, MQTTAsync_successData5 *data) {
    begin("connected");
    say_number("code", data->reasonCode);
    say_number("present", data->alt.connect.sessionPresent);
    say_properties(&data->properties);
    end();
}

static void connect_failed(void *context, MQTTAsync_failureData *data) {
    fail("connect", data ? data->code : 0);
}

static void connect_failed5(void *context, MQTTAsync_failureData5 *data) {
    fail("connect", data->reasonCode);
}

static void connected_again(void *context, char *cause) {
    if (cause && !strcmp(cause, "automatic reconnect")) answer("connected", 0, 0);
}

static void disconnected(void *context, MQTTProperties *properties, enum MQTTReasonCodes code) {
    answer("disconnected", 0, code);
}

static void lost(void *context, char *cause) { answer("lost", 0, 0); }

static int arrived(void *context, char *topic, int length, MQTTAsync_message *message) {
    begin("message");
    say_text("topic", topic);
    say_bytes("payload", message->payload, (size_t)message->payloadlen);
    say_number("qos", message->qos);
    say_number("retain", message->retained);
    if (five) say_properties(&message->properties);
    end();
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    return 1;
}

// What an answer is called and the number it was asked with, as one pointer's worth.
struct request { const char *word; long id; };

static void done(void *context, long code) {
    struct request *request = context;
    answer(request->word, request->id, code);
    free(request);
}

static void succeeded(void *context, MQTTAsync_successData *data) {
    struct request *request = context;
    done(context, data && !strcmp(request->word, "subscribed") ? data->alt.qos : 0);
}

static void succeeded5(void *context, MQTTAsync_successData5 *data) { done(context, data->reasonCode); }
static void failed(void *context, MQTTAsync_failureData *data) { done(context, 0x80); }
static void failed5(void *context, MQTTAsync_failureData5 *data) { done(context, data->reasonCode); }

static MQTTAsync_responseOptions asked(const struct line *line, const char *word) {
    MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
    struct request *request = malloc(sizeof *request);
    *request = (struct request){word, number(line, "id")};
    options.context = request;
    if (five) {
        options.onSuccess5 = succeeded5;
        options.onFailure5 = failed5;
    } else {
        options.onSuccess = succeeded;
        options.onFailure = failed;
    }
    return options;
}

static void open_connection(const struct line *line) {
    char address[64];
    snprintf(address, sizeof address, "tcp://127.0.0.1:%ld", number(line, "port"));
    five = number(line, "five") == 1;
    MQTTAsync_createOptions create = MQTTAsync_createOptions_initializer;
    create.MQTTVersion = five ? MQTTVERSION_5 : MQTTVERSION_3_1_1;
    create.maxBufferedMessages = 5000;
    create.sendWhileDisconnected = 1;
    // Its store goes by the client identifier.
    const char *name = text(line, "name");
    int store = *name ? MQTTCLIENT_PERSISTENCE_DEFAULT : MQTTCLIENT_PERSISTENCE_NONE;
    int code = MQTTAsync_createWithOptions(
        &client, address, name, store, (void *)text(line, "folder"), &create);
    if (code) fail("create", code);
    MQTTAsync_setCallbacks(client, NULL, lost, arrived, NULL);
    MQTTAsync_setConnected(client, NULL, connected_again);
    MQTTAsync_setDisconnected(client, NULL, disconnected);

    MQTTAsync_connectOptions three_options = MQTTAsync_connectOptions_initializer;
    MQTTAsync_connectOptions five_options = MQTTAsync_connectOptions_initializer5;
    MQTTAsync_connectOptions options = five ? five_options : three_options;
    MQTTProperties properties = properties_of(line, "p.");
    MQTTProperties will_properties = properties_of(line, "w.");
    if (five) {
        add_number(&properties, MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL, number(line, "expiry"));
        options.cleanstart = (int)number(line, "clean");
        options.connectProperties = &properties;
        options.onSuccess5 = connected5;
        options.onFailure5 = connect_failed5;
    } else {
        options.MQTTVersion = MQTTVERSION_3_1_1;
        options.cleansession = (int)number(line, "clean");
        options.onSuccess = connected;
        options.onFailure = connect_failed;
    }
    options.keepAliveInterval = (int)number(line, "keepalive");
    options.automaticReconnect = (int)number(line, "reconnects");
    options.minRetryInterval = options.maxRetryInterval = 1;
    MQTTAsync_willOptions will = MQTTAsync_willOptions_initializer;
    if (find(line, "will_topic")) {
        // The library reads them again when it connects again.
        will.topicName = will_text.topic = strdup(text(line, "will_topic"));
        will.message = will_text.payload = strdup(text(line, "will_payload"));
        will.qos = (int)number(line, "will_qos");
        will.retained = (int)number(line, "will_retain");
        options.will = &will;
        if (five) options.willProperties = &will_properties;
    }
    code = MQTTAsync_connect(client, &options);
    if (code) fail("connect", code);
}

static void subscribe(const struct line *line) {
    MQTTAsync_responseOptions options = asked(line, "subscribed");
    if (five) {
        options.subscribeOptions.noLocal = (unsigned char)number(line, "no_local");
        options.subscribeOptions.retainAsPublished = (unsigned char)number(line, "retain_as_published");
        options.subscribeOptions.retainHandling = (unsigned char)number(line, "retain_handling");
        if (find(line, "subscription_identifier"))
            add_number(&options.properties, MQTTPROPERTY_CODE_SUBSCRIPTION_IDENTIFIER,
                       number(line, "subscription_identifier"));
    }
    int code = MQTTAsync_subscribe(client, text(line, "filter"), (int)number(line, "qos"), &options);
    if (code) fail("subscribe", code);
}

static void publish(const struct line *line) {
    MQTTAsync_responseOptions options = asked(line, "published");
    MQTTAsync_message message = MQTTAsync_message_initializer;
    const struct field *payload = find(line, "payload");
    message.payload = payload->value;
    message.payloadlen = (int)payload->length;
    message.qos = (int)number(line, "qos");
    message.retained = (int)number(line, "retain");
    if (five) message.properties = properties_of(line, "p.");
    int code = MQTTAsync_sendMessage(client, text(line, "topic"), &message, &options);
    if (code) fail("publish", code);
    MQTTProperties_free(&message.properties);
}

static void left(void *context, MQTTAsync_successData *data) { answer("left", 0, 0); }
static void left5(void *context, MQTTAsync_successData5 *data) { answer("left", 0, 0); }

static void leave(const struct line *line) {
    MQTTAsync_disconnectOptions options = MQTTAsync_disconnectOptions_initializer5;
    options.timeout = 1000;
    if (five) {
        options.reasonCode = (enum MQTTReasonCodes)number(line, "reason");
        options.onSuccess5 = left5;
    } else {
        options.onSuccess = left;
    }
    MQTTAsync_disconnect(client, &options);
}

int main(void) {
    struct line line = {0};
    while (read_line(&line)) {
        if (!strcmp(line.word, "connect")) open_connection(&line);
        if (!strcmp(line.word, "subscribe")) subscribe(&line);
        if (!strcmp(line.word, "publish")) publish(&line);
        if (!strcmp(line.word, "leave")) leave(&line);
        if (!strcmp(line.word, "unsubscribe")) {
            MQTTAsync_responseOptions options = asked(&line, "unsubscribed");
            MQTTAsync_unsubscribe(client, text(&line, "filter"), &options);
        }
    }
    MQTTAsync_destroy(&client);
    return 0;
}
