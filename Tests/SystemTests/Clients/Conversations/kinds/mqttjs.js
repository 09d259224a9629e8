// SPDX-License-Identifier: Apache-2.0
//
// MQTT.js, told what to do by lines on standard input; the form is in spoken.py.
'use strict'
const readline = require('readline')
const mqtt = require('mqtt')

const numbers = {
  payload_format_indicator: 'payloadFormatIndicator',
  message_expiry_interval: 'messageExpiryInterval',
  subscription_identifier: 'subscriptionIdentifier',
  receive_maximum: 'receiveMaximum',
  maximum_packet_size: 'maximumPacketSize',
  topic_alias_maximum: 'topicAliasMaximum',
  topic_alias: 'topicAlias',
  server_keep_alive: 'serverKeepAlive',
  will_delay_interval: 'willDelayInterval',
  request_response_information: 'requestResponseInformation'
}
const texts = {
  content_type: 'contentType',
  response_topic: 'responseTopic',
  assigned_client_identifier: 'assignedClientIdentifier',
  reason_string: 'reasonString',
  response_information: 'responseInformation'
}

// Latin-1 stands for bytes here.
const bytes = (value) => Buffer.from(
  value.replace(/%([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16))), 'latin1')

function parse (line) {
  const [word, ...items] = line.split('\t')
  const fields = items.map((item) => {
    const at = item.indexOf('=')
    return [item.slice(0, at), bytes(item.slice(at + 1))]
  })
  const all = Object.fromEntries(fields)
  return {
    word,
    fields,
    text: (name) => String(all[name] || ''),
    bytes: (name) => all[name],
    number: (name) => Number(String(all[name] || 0))
  }
}

function properties (fields, prefix) {
  const found = {}
  for (const [name, value] of fields) {
    if (!name.startsWith(prefix)) continue
    const ours = name.slice(prefix.length)
    if (ours === 'user_property') {
      const [key, text] = String(value).split('\0')
      found.userProperties = found.userProperties || {}
      found.userProperties[key] = key in found.userProperties
        ? [].concat(found.userProperties[key], text)
        : text
    } else if (ours === 'correlation_data') {
      found.correlationData = value
    } else if (ours in texts) {
      found[texts[ours]] = String(value)
    } else if (ours === 'payload_format_indicator' || ours === 'request_response_information') {
      found[numbers[ours]] = String(value) === '1'
    } else {
      found[numbers[ours]] = Number(String(value))
    }
  }
  return Object.keys(found).length ? found : undefined
}

const quote = (value) => Buffer.from(value).toString('latin1').replace(
  /[^A-Za-z0-9 /,.:_-]/g,
  (character) => '%' + character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0'))

function told (found = {}) {
  const fields = []
  for (const [ours, theirs] of Object.entries(numbers)) {
    for (const value of [].concat(found[theirs] === undefined ? [] : found[theirs])) {
      fields.push(['p.' + ours, String(Number(value))])
    }
  }
  for (const [ours, theirs] of Object.entries(texts)) {
    if (found[theirs] !== undefined) fields.push(['p.' + ours, found[theirs]])
  }
  if (found.correlationData) fields.push(['p.correlation_data', found.correlationData])
  for (const [key, value] of Object.entries(found.userProperties || {})) {
    for (const one of [].concat(value)) fields.push(['p.user_property', key + '\0' + one])
  }
  return fields
}

function say (word, ...fields) {
  const items = fields.map(([name, value]) =>
    name + '=' + quote(Buffer.isBuffer(value) ? value : String(value)))
  process.stdout.write([word, ...items].join('\t') + '\n')
}

let client
let five
const held = []

const commands = {
  connect (line) {
    five = line.number('five') === 1
    const options = {
      host: '127.0.0.1',
      port: line.number('port'),
      protocol: 'mqtt',
      protocolVersion: five ? 5 : 4,
      clientId: line.text('name') || undefined,
      clean: line.number('clean') === 1,
      keepalive: line.number('keepalive'),
      reconnectPeriod: line.number('reconnects') ? 50 : 0,
      resubscribe: false,
      topicAliasMaximum: Number(properties(line.fields, 'p.')?.topicAliasMaximum || 0),
      autoUseTopicAlias: true,
      autoAssignTopicAlias: true
    }
    if (five) {
      options.properties = Object.assign(
        { sessionExpiryInterval: line.number('expiry') }, properties(line.fields, 'p.'))
    }
    if (line.bytes('will_topic')) {
      options.will = {
        topic: line.text('will_topic'),
        payload: line.bytes('will_payload'),
        qos: line.number('will_qos'),
        retain: line.number('will_retain') === 1,
        properties: five ? properties(line.fields, 'w.') : undefined
      }
    }
    client = mqtt.connect(options)
    if (line.number('holds')) client.handleMessage = (packet, done) => held.push(done)
    client.on('connect', (packet) => say(
      'connected', ['code', five ? packet.reasonCode : packet.returnCode],
      ['present', packet.sessionPresent ? 1 : 0], ...told(packet.properties)))
    client.on('message', (topic, payload, packet) => say(
      'message', ['topic', topic], ['payload', payload], ['qos', packet.qos],
      ['retain', packet.retain ? 1 : 0], ...told(packet.properties)))
    client.on('disconnect', (packet) => say('disconnected', ['code', packet.reasonCode]))
    client.on('error', (error) => say('error', ['text', error.message]))
  },
  subscribe (line) {
    const options = { qos: line.number('qos') }
    if (five) {
      options.nl = line.number('no_local') === 1
      options.rap = line.number('retain_as_published') === 1
      options.rh = line.number('retain_handling')
      const identifier = line.number('subscription_identifier')
      if (identifier) options.properties = { subscriptionIdentifier: identifier }
    }
    client.subscribe(line.text('filter'), options, (error, granted) => say(
      'subscribed', ['id', line.number('id')],
      ['code', error ? 0x80 : granted.length ? granted[0].qos : options.qos]))
  },
  unsubscribe (line) {
    client.unsubscribe(line.text('filter'), () => say('unsubscribed', ['id', line.number('id')]))
  },
  publish (line) {
    const options = { qos: line.number('qos'), retain: line.number('retain') === 1 }
    if (five) options.properties = properties(line.fields, 'p.')
    client.publish(line.text('topic'), line.bytes('payload'), options, (error) => say(
      'published', ['id', line.number('id')], ['code', error ? error.code || 0x80 : 0]))
  },
  release () {
    for (const done of held.splice(0)) done(null, 0)
  },
  leave (line) {
    client.end(false, { reasonCode: line.number('reason') }, () => say('left'))
  }
}

const input = readline.createInterface({ input: process.stdin, crlfDelay: Infinity })
input.on('line', (line) => {
  const parsed = parse(line)
  commands[parsed.word](parsed)
})
input.on('close', () => {
  client.end(true)
  process.exit(0)
})
