// SPDX-License-Identifier: Apache-2.0
//
// Every way in which a packet can be wrong, in words for a log line. Which of them is a malformed
// packet and which a protocol error is decided where the flaw is found.

public enum Flaw: String, Hashable, Sendable {
    // Fixed header
    case reservedPacketType = "packet type is reserved"
    case reservedFlags = "reserved header flags have the wrong value"
    case reservedQoS = "QoS 3"
    case duplicateQoS0 = "DUP is set on QoS 0"
    case remainingLength = "remaining length is longer than four bytes"

    // Data types
    case truncated = "a field reaches beyond the end of the packet"
    case trailingBytes = "bytes are left over at the end of the packet"
    case variableInteger = "variable byte integer is longer than four bytes"
    case notShortestForm = "variable byte integer is not in its shortest form"
    case notUTF8 = "text is not well-formed UTF-8"
    case nullCharacter = "text contains U+0000"
    case packetIdentifierZero = "packet identifier is 0"

    // Topics
    case emptyTopic = "topic name is empty"
    case topicTooLong = "topic is longer than 65,535 bytes"
    case wildcardInTopicName = "topic name contains a wildcard"
    case emptyFilter = "topic filter is empty"
    case misplacedWildcard = "wildcard does not fill its level or # is not last"
    case shareName = "share name is empty or contains a wildcard"

    // Properties
    case unknownProperty = "property identifier is not known"
    case foreignProperty = "property does not belong into this packet"
    case repeatedProperty = "property is there twice"
    case propertyValue = "property has a value that is not allowed"
    case dataWithoutMethod = "authentication data without authentication method"
    case methodMissing = "authentication method is missing"
    case propertyOfOtherRole = "property must not be sent by this end of the connection"

    // Single packets
    case protocolName = "protocol name is not MQTT"
    case reservedConnectFlag = "reserved connect flag is set"
    case willFlags = "will QoS or retain without a will"
    case passwordWithoutUserName = "password without user name"
    case reservedAcknowledgeFlags = "reserved acknowledge flags are set"
    case sessionPresentOnFailure = "session present on a refused connection"
    case reservedOptions = "reserved bits of the subscription options are set"
    case retainHandling = "retain handling 3"
    case noLocalOnShared = "no local on a shared subscription"
    case noFilters = "no topic filter"
    case noReasonCodes = "no reason code"
    case reasonCode = "reason code is not one of this packet"
    case packetOutOfPlace = "packet is not due here"
    case packetOfOtherRole = "packet must not be sent by this end of the connection"
}
