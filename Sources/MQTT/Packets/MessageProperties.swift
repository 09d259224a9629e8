// SPDX-License-Identifier: Apache-2.0
//
// The properties that a publisher gives its message, to be written. In a received packet they are
// PublishProperties.

public struct MessageProperties: Hashable, Sendable {
    /// Whether the payload is declared as UTF-8 text.
    public var isText: Bool?
    public var contentType: String?
    public var responseTopic: String?
    public var correlationData: [UInt8]?
    public var userProperties: [UserProperty]

    public init(
        isText: Bool? = nil, contentType: String? = nil, responseTopic: String? = nil,
        correlationData: [UInt8]? = nil, userProperties: [UserProperty] = []
    ) {
        self.isText = isText
        self.contentType = contentType
        self.responseTopic = responseTopic
        self.correlationData = correlationData
        self.userProperties = userProperties
    }

    /// What PublishEncoder wants as `forwardable`.
    public var forwardableCount: Int { propertiesSize }

    public func encode(into output: inout OutputRawSpan) { writeProperties(to: &output) }
}

extension MessageProperties: PropertyWriting {
    func writeProperties<Sink: ByteSink & ~Copyable & ~Escapable>(to sink: inout Sink) {
        sink.append(.payloadFormatIndicator, flag: isText)
        sink.append(.contentType, string: contentType)
        sink.append(.responseTopic, string: responseTopic)
        sink.append(.correlationData, binary: correlationData)
        sink.append(userProperties)
    }
}
